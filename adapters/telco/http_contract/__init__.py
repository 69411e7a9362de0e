"""The adapter for providers whose bridge implements our own job contract over HTTP.

`docs/telco-contract.md` is the contract; `settings`, `contract` (the words that all roads share),
`inbound` (callbacks) and `outbound` (start, query, cancel) are its four parts.
"""
