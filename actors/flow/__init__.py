"""The flow: what an administrator writes in a file, as data, and what can be read from it.

`model` is the language, `reader` turns the file into it (`form` names every fault of form), `graph`
and `edges` know how steps lead to each other, `check` finds what cannot work or is not meant
(`rules` and `faults` are its words). `expression`, `evaluation`, `texts`, `formats` and `render`
are the small languages inside; `words`, `answers`, `numbers` and `dates` read what people type,
`hours` when it is open, `values` picks out of answers.
"""
