"use strict";
(function () {
  function each(selector, act, within) {
    Array.prototype.forEach.call((within || document).querySelectorAll(selector), act);
  }

  each(".filter", function (box) { box.hidden = false; });

  each("[data-filter]", function (box) {
    var name = box.dataset.filter;
    box.addEventListener("click", function (event) {
      var button = event.target.closest("button");
      if (!button) { return; }
      each("button", function (other) { other.setAttribute("aria-pressed", String(other === button)); }, box);
      each("li[data-" + name + "]", function (card) {
        card.hidden = button.dataset.value !== "" && card.dataset[name] !== button.dataset.value;
      });
    });
  });

  function holds(element, sought) { return element.textContent.toLowerCase().indexOf(sought) >= 0; }

  function unfold(box, open) {
    if (open && !box.open) { box.open = true; box.dataset.unfolded = ""; }
    if (!open && "unfolded" in box.dataset) { box.open = false; delete box.dataset.unfolded; }
  }

  each("[data-search]", function (box) {
    var input = box.querySelector("input"), output = box.querySelector("output");
    function apply() {
      var sought = input.value.trim().toLowerCase(), chosen = {}, narrowed = false;
      each("select", function (list) { chosen[list.dataset.by] = list.value; narrowed = narrowed || list.value !== ""; }, box);
      var active = sought !== "" || narrowed, themes = 0, quotes = 0;
      each("details[data-theme]", function (voice) {
        var named = holds(voice.querySelector("summary"), sought), hits = 0;
        each(".quote", function (quote) {
          var hit = named || holds(quote, sought);
          Object.keys(chosen).forEach(function (name) {
            hit = hit && (chosen[name] === "" || quote.dataset[name] === chosen[name]);
          });
          quote.hidden = !hit;
          hits += hit ? 1 : 0;
        }, voice);
        var keep = hits > 0 || (!narrowed && holds(voice, sought));
        voice.hidden = !keep;
        themes += keep ? 1 : 0;
        quotes += hits;
        unfold(voice, active && keep);
        each(".more-quotes", function (more) {
          var any = more.querySelector(".quote:not([hidden])") !== null;
          more.hidden = !any;
          unfold(more, active && any);
        }, voice);
        each("tr[data-theme='" + voice.dataset.theme + "']", function (row) { row.hidden = !keep; });
      });
      output.textContent = active ? output.dataset.found.replace("#t", String(themes)).replace("#q", String(quotes)) : "";
    }
    input.addEventListener("input", apply);
    each("select", function (list) { list.addEventListener("change", apply); }, box);
  });

  each("table[data-sortable]", function (table) {
    var body = table.tBodies[0], original = Array.prototype.slice.call(body.rows);
    each("th[data-sort]", function (head) {
      var button = document.createElement("button");
      button.type = "button";
      var printed = document.createElement("span");
      button.textContent = printed.textContent = head.textContent;
      printed.className = "on-paper";
      head.textContent = "";
      head.appendChild(button);
      head.appendChild(printed);
      button.addEventListener("click", function () {
        var states = { "none": "descending", "descending": "ascending", "ascending": "none" };
        var next = states[head.getAttribute("aria-sort") || "none"], sign = next === "ascending" ? 1 : -1;
        var at = head.cellIndex;
        function key(row) {
          var value = row.cells[at].dataset.key;
          return value === undefined ? sign * Infinity : Number(value);
        }
        each("th[aria-sort]", function (other) { other.removeAttribute("aria-sort"); }, table);
        var rows = original.slice();
        if (next !== "none") {
          head.setAttribute("aria-sort", next);
          rows.sort(function (a, b) {
            var x = key(a), y = key(b);
            return x === y ? original.indexOf(a) - original.indexOf(b) : sign * (x - y);
          });
        }
        table.classList.toggle("sorted", next !== "none");
        rows.forEach(function (row) { body.appendChild(row); });
      });
    }, table);
  });

  function reveal() {
    var target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") { target.open = true; }
  }
  window.addEventListener("hashchange", reveal);
  reveal();

  window.addEventListener("beforeprint", function () {
    each("details[data-print]:not([open])", function (box) { box.open = true; box.dataset.printed = ""; });
  });
  window.addEventListener("afterprint", function () {
    each("details[data-printed]", function (box) { box.open = false; delete box.dataset.printed; });
  });
})();
