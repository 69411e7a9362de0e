"""The flow: what an administrator writes in a file, as data, and what can be read from it.

`model` is the language, `reader` turns the file into it, `graph` knows how steps lead to each
other, `check` finds what cannot work (`check_texts`, `check_values`). `expression`, `evaluation`,
`texts`, `formats` and `render` are the small languages inside; `words`, `answers`, `numbers` and
`dates` read what people type, `hours` when it is open, `values` picks out of answers.
"""
