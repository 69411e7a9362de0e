"""The shipped words in Spanish.

What lives here: words. What must not: which keys there are (`words`).
"""

from __future__ import annotations

from actors.flow.stock.words import StockWords

WORDS = StockWords(
    phrases={
        "not_understood": "No te he entendido.",
        "unsupported": "Aquí solo puedo leer texto, no fotos, audios ni stickers.",
        "too_long": "Esa respuesta es demasiado larga o está vacía.",
        "stale": (
            "Ese botón es de hace un rato, así que no he iniciado nada. Si aún lo quieres, elígelo "
            "de nuevo."
        ),
        "no_jobs": "No tienes solicitudes recientes.",
        "choose": "Ver opciones",
        "apology": "Perdona, algo ha fallado de nuestro lado.",
        "person": "Hablar con un asesor",
    },
    handover={
        "summary": (
            "Cliente: {customer} {customer.phone}"
            "{device, select, null {} other {\nRouter: {device}}}"
            "{reason, select, null {} other {\nMotivo: {reason}}}\n"
            "Trabajos:\n{jobs}\nConversación (> cliente, < bot):\n{transcript}"
        ),
        "job_line": "[{job}] {news}",
    },
    handover_texts={
        "queued": (
            "He pedido que te atienda una persona. Lo que escribas desde ahora lo leerá ella; "
            "puedes ir contándole qué pasa."
        ),
        "joined": (
            "Ya estás hablando con una persona de nuestro equipo. Para volver al bot, escribe "
            "*bot*."
        ),
        "ended": "La conversación con nuestro equipo ha terminado. Estás otra vez con el bot.",
        "left": "Has salido de la conversación con nuestro equipo. Estás otra vez con el bot.",
        "nobody": (
            "Lo siento, nadie de nuestro equipo ha podido tomar tu conversación. Estás otra vez "
            "con el bot."
        ),
        "unavailable": (
            "Lo siento, ahora mismo no puedo comunicarte con nuestro equipo. Sigues con el bot."
        ),
        "already": (
            "Ya he pedido que te atienda una persona. Lo que escribas aquí lo leerá nuestro equipo."
        ),
        "leave": "Volver al bot",
    },
    leave_words=("bot", "volver al bot"),
    job_texts={
        "requested": (
            "{job} ({device}): ya está pedido. Te aviso aquí cuando empiece y cuando haya "
            "terminado."
        ),
        "waiting_for_provider": (
            "{job} ({device}): el sistema de nuestra red aún no lo ha confirmado. Lo seguimos "
            "intentando y te decimos aquí si empieza o si no ha sido posible."
        ),
        "accepted": "{job} ({device}): está confirmado.",
        "stalled": (
            "{job} ({device}): tarda más de lo habitual. Eso no quiere decir que haya fallado; lo "
            "seguimos vigilando."
        ),
        "unseen": (
            "{job} ({device}): en este momento no podemos ver cómo va. Puede estar en marcha con "
            "normalidad; seguimos mirando."
        ),
        "succeeded": "✅ {job} ({device}): ha funcionado.",
        "failed": "{job} ({device}): no ha funcionado.",
        "nothing_changed": "{job} ({device}): no llegó a empezar. *No se ha cambiado nada.*",
        "timed_out": (
            "{job} ({device}): no vemos que haya terminado, y ya debería. Si tu internet funciona, "
            "no tienes que hacer nada."
        ),
        "fate_unknown": (
            "{job} ({device}): no podemos averiguar si llegó a hacerse. Para no hacerlo dos veces, "
            "por ahora no lo repetimos. Si tu internet funciona, no tienes que hacer nada."
        ),
        "cancelling": (
            "{job} ({device}): he pedido que se cancele. Aún no está cancelado: te confirmo aquí "
            "si todavía se ha podido."
        ),
        "cancelled": "{job} ({device}): de acuerdo, lo dejamos aquí y no seguimos.",
        "cancel_too_late": (
            "{job} ({device}): ya está en marcha y no se puede cancelar. Lo seguimos, y te "
            "contamos aquí cómo termina."
        ),
        "corrected": (
            "Una corrección, y buena. {job} ({device}): sí ha funcionado. Lo que te dijimos antes "
            "ya no vale."
        ),
        "checking": (
            "{job} ({device}): antes de repetirlo, compruebo si el intento anterior llegó a "
            "funcionar."
        ),
        "already_running": (
            "{job} ({device}): ya está en curso, así que no he iniciado nada más. Así está:"
        ),
    },
    job_menu={
        "retry": "Intentar de nuevo",
        "agent": "Hablar con un asesor",
        "leave": "Dejarlo así",
        "cancel": "Cancelar",
    },
)
