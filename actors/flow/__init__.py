"""The flow: what an administrator writes in a file, as data, and what can be read from it.

`model` is the language, `stock` the words that are shipped in it. `reader` turns the file into it;
`form` names every fault of form in the words of `form_words`, `mending` helps where it is no YAML.
`addresses` says where steps are found, `graph` how they lead to each other. `check` finds what
cannot work or is not meant: `rules` and `faults` are its words, `limits` it shares with
conversations. `expression`, `evaluation`, `texts`, `formats`, `patterns` and `render` are the small
languages inside; `words`, `answers`, `numbers`, `dates` and `day_names` read what people type,
`hours` when it is open, `values` picks out of answers. `memo` remembers what was worked out of a
part of a flow.
"""
