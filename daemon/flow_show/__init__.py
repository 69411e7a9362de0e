"""`routerbot flow show`: a picture of a flow file, as SVG for people and Mermaid for documents.

What lives here: everything about the drawing. All but `command` is pure: a flow comes in, a text
goes out, the same one for the same flow. What must not: what a flow means (`actors.flow`).

`cards` says what is shown of each step, `excerpt` which steps, `connectors` which ways become lines
and which a small sign with a name. `typeset` measures words, `boxes` makes a card of a known size
out of them, `layers`, `placing` and `routing` lay the cards of one part out, `page` puts the parts
together. `svg` and `mermaid` write it down, `picture` is all of this in one call.
"""
