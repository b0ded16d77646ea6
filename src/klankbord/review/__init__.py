"""The review page: a small site on this computer on which people judge what was found.

A page is a module in `pages` with its routes, a template beside the others and its texts in
`texts.toml`; `app.PAGES` lists them in the order of the menu. `guard` stands before every page:
host, session, origin and form token are checked there and nowhere else.
"""
