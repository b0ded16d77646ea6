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

  each("[data-search]", function (box) {
    var input = box.querySelector("input"), output = box.querySelector("output");
    input.addEventListener("input", function () {
      var sought = input.value.trim().toLowerCase(), found = 0;
      each("details[data-theme]", function (voice) {
        var hit = voice.textContent.toLowerCase().indexOf(sought) >= 0;
        voice.hidden = !hit;
        found += hit ? 1 : 0;
        each("tr[data-theme='" + voice.dataset.theme + "']", function (row) { row.hidden = !hit; });
      });
      output.textContent = sought ? output.dataset.found.replace("#", String(found)) : "";
    });
  });

  each("table[data-sortable]", function (table) {
    var body = table.tBodies[0], original = Array.prototype.slice.call(body.rows);
    each("th[data-sort]", function (head) {
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.textContent = "";
      head.appendChild(button);
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
