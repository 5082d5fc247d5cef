"""Parties as processes: certificates, TLS links, frames, and the nodes that servers, holders and the driver run.

::

    who          certificates (a key, a pinned certificate) · approvals (signed: this plan and no other)
    kept         durable (a server's ledger on disk) · matching (the holders' common secret)
    between      tls (mutual, pinned, 1.3 only) · frames (bounded, numbered) · link (one peer) · hub (all peers)
    as a seam    channel (``Channel`` over links, for the protocols)
    processes    session (who is there, under which session id) · nodes (server, holder, driver)

A peer's name comes from its certificate, never from what it says. One thread does all of a node's network work, so a
send never waits and nothing can deadlock.
"""
