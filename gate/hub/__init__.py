"""The hub: where many sites send what they saw, and where people act on it.

Alone:              gatewarden hub --data DIR, or `await gate.hub.serve.serve(settings, host, port)`
Beside a site:      async with gate.hub.serve.running_hub(HubSettings(data_dir=...), host, port) as (url, hub): ...
A site's token:     async with hub.store.write() as session: token = await gate.hub.sites.add_site(session, "gate-1")
An address signed in: await gate.hub.people_book.administrator_link(hub.store, url, uses=1)

The site's side is gate.uplink.outbox.Outbox and gate.uplink.sender.Sender.
"""
