"""The one room of the MQTT client: connect, verify, publish, subscribe, acknowledge.

``connect`` (aiomqtt) is for whoever lives on an event loop: the gateway's publisher, the console.
``Consumer`` (paho) is for ingest, which must acknowledge a message by hand once the database has
it. Both speak MQTT 3.1.1 at QoS 1, because NATS refuses 5, and read their secrets from files at
each connect. Nobody else imports either library; ``BrokerDown`` is the one thing that goes wrong.
"""

from gateway.mqtt.address import Address, parse_url
from gateway.mqtt.consumer import Consumer, Delivery
from gateway.mqtt.down import BrokerDown, Cause
from gateway.mqtt.link import WINDOW, Connection, Message, Will, connect

__all__ = [
    "WINDOW",
    "Address",
    "BrokerDown",
    "Cause",
    "Connection",
    "Consumer",
    "Delivery",
    "Message",
    "Will",
    "connect",
    "parse_url",
]
