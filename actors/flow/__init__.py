"""The flow: what an administrator writes in a file, as data, and what can be read from it.

`model` is the language, `reader` turns the file into it, `check` finds what cannot work, `render`
fills texts, `values` picks out of answers.
"""
