"use strict";
(() => {
  const articles = [...document.querySelectorAll("article")];
  const config = JSON.parse(document.getElementById("config").textContent);
  const parsed = new Map();
  const drawnArticles = new Map();
  const unpacked = new Map();

  const json = (article, kind) => {
    const key = article.id + kind;
    if (!parsed.has(key)) parsed.set(key, JSON.parse(article.querySelector("script." + kind).textContent));
    return parsed.get(key);
  };
  // A chart's names may take a third of its width, whatever that is.
  const draw = (place, spec) => {
    const labelLimit = Math.min(Math.max(place.clientWidth * 0.38, 90), 280);
    return vegaEmbed(place, spec, { config: { ...config, axisY: { labelLimit } }, actions: false, renderer: "svg" });
  };

  // ---- which article is open: the address says it, so that every switch is a link
  function open(article) {
    articles.forEach(other => { other.hidden = other !== article; });
    document.documentElement.lang = article.lang;
    document.title = article.dataset.title;
    // Charts measure their place when the window changes its size, and have none while they are hidden.
    if (drawnArticles.has(article)) dispatchEvent(new Event("resize"));
    else drawnArticles.set(article, drawAll(article));
    return drawnArticles.get(article);
  }
  async function drawAll(article) {
    const charts = json(article, "charts");
    for (const place of article.querySelectorAll(".chart")) await draw(place, charts[place.id]);
    article.dataset.drawn = "true";
    mark();
  }
  function follow() {
    const target = document.getElementById(location.hash.slice(1));
    const article = target && target.closest("article");
    if (!article) return false;
    // What is drawn above a place moves it.
    const moves = article.hidden || !article.dataset.drawn;
    const there = open(article);
    if (moves) there.then(() => target.scrollIntoView());
    return true;
  }
  // The contents mark the section that is being read.
  function mark() {
    const article = articles.find(one => !one.hidden);
    const id = current(article).id;
    article.querySelectorAll(".contents a").forEach(link => {
      if (link.hash === "#" + id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  }
  const sections = article => [...article.querySelectorAll("main > section[data-section]")];
  const current = article => sections(article).filter(part => part.getBoundingClientRect().top < 160).pop() || sections(article)[0];

  // A switch keeps the reader in the section they are in.
  document.addEventListener("click", event => {
    const link = event.target.closest("a[data-switch]");
    if (!link) return;
    const here = articles.find(article => !article.hidden);
    event.preventDefault();
    location.hash = link.dataset.switch + "-" + current(here).dataset.section;
  });
  let waiting = false;
  addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      mark();
    });
  }, { passive: true });

  // ---- customers: packed, since most readers look up a few of thousands
  async function unpack(name) {
    const packed = [...document.querySelectorAll("script.customers")].find(one => one.dataset.retailer === name);
    const bytes = Uint8Array.from(atob(packed.textContent.trim()), letter => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }
  function customersOf(article) {
    const name = article.dataset.retailer;
    if (!unpacked.has(name)) unpacked.set(name, unpack(name));
    return unpacked.get(name);
  }

  const element = (name, text, attributes = {}) => {
    const made = document.createElement(name);
    if (text !== undefined && text !== null) made.textContent = text;
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    return made;
  };
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, key) => values[key]);

  function card(article, id, customer) {
    const { names, advice, texts, language, locale, currency } = json(article, "names");
    const name = value => names[value] || value;
    const money = new Intl.NumberFormat(locale, { style: "currency", currency });
    const whole = new Intl.NumberFormat(locale);
    const percent = new Intl.NumberFormat(locale, { style: "percent" });
    const dayFormat = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" });
    const day = text => dayFormat.format(new Date(text + "T00:00:00Z"));
    const text = key => texts["lookup." + key];

    const facts = [
      [text("segment"), name(customer.rfm_segment)],
      [text("scores"), [customer.r_score, customer.f_score, customer.m_score].join(" · ")],
      [text("revenue"), money.format(customer.revenue)],
      [text("orders"), whole.format(customer.orders)],
      [text("recency"), whole.format(customer.recency_days)],
      [text("last"), day(customer.last_ordered_at)],
      [text("since"), day(customer.first_ordered_at)],
      [text("category"), customer.favourite_category],
    ];
    if (customer.path.length > 1) {
      const [[, before], [moved]] = customer.path.slice(-2);
      facts.splice(1, 0, [text("before"), name(before), fill(text("moved"), { day: day(moved) })]);
    }
    if (customer.revenue_90_days) {
      const [low, high] = customer.revenue_90_days.map(end => money.format(end));
      facts.push(
        [text("expected"), money.format(customer.expected_revenue_90_days), fill(text("interval"), { low, high })],
        [text("probability"), percent.format(customer.purchase_probability_90_days), texts["worth.silence_" + customer.silence]],
        [text("worth"), texts["worth.class_" + customer.value_class.toLowerCase()], fill(text("stake"), { stake: money.format(customer.value_at_stake) })],
        [text("next"), customer.next_order_on && day(customer.next_order_on)],
        [text("unusual"), customer.silence_unusual_on && day(customer.silence_unusual_on)],
      );
    }
    Object.entries(customer.clusters).forEach(([clustering, cluster]) => facts.push([texts["clustering." + clustering] || clustering, name(cluster)]));
    if (customer.palette_group) {
      const how = customer.palette_is_predicted ? fill(text("predicted"), { probability: percent.format(customer.palette_probability) }) : text("fitted");
      facts.push([text("palette"), name(customer.palette_group), how]);
    }
    const profile = [customer.country, texts["lookup.gender." + customer.gender], customer.age_band].filter(Boolean);
    if (profile.length) facts.push([text("profile"), profile.join(", ")]);

    const box = element("div");
    const tiles = element("dl", null, { class: "tiles" });
    facts.filter(fact => fact[1]).forEach(([title, value, note]) => {
      const tile = element("div");
      const shown = element("dd", value);
      if (note) shown.append(element("small", note));
      tile.append(element("dt", title), shown);
      tiles.append(tile);
    });
    box.append(tiles);

    const path = element("ol", null, { class: "path" });
    customer.path.forEach(([since, segment]) => {
      const stay = element("li", name(segment));
      stay.append(element("small", fill(text("stay"), { day: day(since) })));
      path.append(stay);
    });
    box.append(element("h3", text("path")), path);

    const pieces = {};
    customer.advice.filter(key => advice[key]).forEach(key => (pieces[key.split(":")[0]] ??= []).push(advice[key]));
    const todo = Object.values(pieces).map(list => list.join(" "));
    const steps = element("ul", null, { class: "todo" });
    todo.forEach(line => steps.append(element("li", line)));
    box.append(element("h3", text("todo")), steps);

    const months = element("div", null, { class: "chart" });
    box.append(element("h3", text("months")), months);
    const spec = structuredClone(json(article, "charts")[article.id + "-history"]);
    spec.data = { values: customer.months.map(([month, revenue, orders]) => ({ month, revenue, orders })) };
    delete spec.datasets;

    const lists = Object.entries(customer.lists);
    box.append(element("h3", text("lists")));
    if (!lists.length) box.append(element("p", text("no_lists")));
    const offers = element("div", null, { class: "offers" });
    lists.forEach(([kind, items]) => {
      const list = element("div");
      const rows = element("ol");
      items.forEach(([item, category, reasons]) => {
        const row = element("li");
        const reason = reasons[language];
        row.append(element("strong", item), element("span", category ? category + ". " + reason : reason));
        rows.append(row);
      });
      list.append(element("h4", texts["list_name." + kind] || kind), rows);
      offers.append(list);
    });
    box.append(offers);
    return { box, finish: () => draw(months, spec) };
  }

  document.querySelectorAll("form.lookup").forEach(form => {
    const article = form.closest("article");
    const input = form.elements.id;
    input.addEventListener("input", async () => {
      const customers = await customersOf(article).catch(() => ({}));
      const typed = input.value.trim();
      const found = typed ? Object.keys(customers).filter(id => id.startsWith(typed)).slice(0, 20) : [];
      form.querySelector("datalist").replaceChildren(...found.map(id => element("option", null, { value: id })));
    });
    form.addEventListener("submit", async event => {
      event.preventDefault();
      const texts = json(article, "names").texts;
      const place = article.querySelector(".customer");
      const id = input.value.trim();
      const title = fill(texts["lookup.customer"], { id });
      place.hidden = false;
      place.dataset.shows = "";
      let customers;
      try {
        customers = await customersOf(article);
      } catch (error) {
        place.replaceChildren(element("h2", texts["lookup.unreadable"]));
        return;
      }
      if (!Object.hasOwn(customers, id)) {
        place.replaceChildren(element("h2", title), element("p", texts["lookup.missing"]));
      } else {
        const { box, finish } = card(article, id, customers[id]);
        place.replaceChildren(element("h2", title), box);
        await finish();
      }
      place.dataset.shows = id;
      place.scrollIntoView();
      place.focus({ preventScroll: true });
    });
  });

  addEventListener("hashchange", follow);
  if (!follow()) open(articles.find(one => navigator.language.startsWith(one.lang)) || articles[0]);
})();
