"""The WhatsApp Business Cloud API: webhooks in, messages out.

What lives here: everything that Meta says and wants to hear. What must not: a menu, a job, or a
decision of the core. `inbound` receives, `outbound` sends; the rest are their parts.

Source of all facts, unless a line names another:
https://developers.facebook.com/documentation/business-messaging/whatsapp/
"""

from adapters.whatsapp.inbound import WhatsAppReceiver
from adapters.whatsapp.outbound import WhatsAppSender
from adapters.whatsapp.settings import WhatsAppNumber, WhatsAppSettings

__all__ = ["WhatsAppNumber", "WhatsAppReceiver", "WhatsAppSender", "WhatsAppSettings"]
