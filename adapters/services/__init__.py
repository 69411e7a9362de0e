"""Web requests of the flow to the operator's own services, such as a customer register.

What must not live here: what a service's answer means; the flow knows.
"""
