"""The shipped words in Spanish.

What lives here: words. What must not: which keys there are (`words`).
"""

from __future__ import annotations

from actors.flow.stock.words import StockWords

WORDS = StockWords(
    phrases={
        "not_understood": "No te entendí.",
        "unsupported": "Aquí solo puedo leer texto, no fotos, audios ni stickers.",
        "too_long": "Esa respuesta es demasiado larga o está vacía.",
        "stale": (
            "Ese botón es de hace un rato, así que no inicié nada. Si todavía lo quieres, elígelo "
            "de nuevo."
        ),
        "no_jobs": "No tienes solicitudes recientes.",
        "choose": "Ver opciones",
        "apology": "Perdona, algo falló de nuestro lado.",
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
            "Pedí que te atienda una persona. Lo que escribas desde ahora le llega a ella; puedes "
            "ir contándole qué pasa."
        ),
        "joined": (
            "Ya hablas con una persona de nuestro equipo. Para volver al bot, escribe *bot*."
        ),
        "ended": "La conversación con nuestro equipo terminó. Estás otra vez con el bot.",
        "left": "Saliste de la conversación con nuestro equipo. Estás otra vez con el bot.",
        "nobody": ("Lo siento, nadie de nuestro equipo pudo atenderte. Estás otra vez con el bot."),
        "unavailable": (
            "Lo siento, ahora mismo no puedo comunicarte con nuestro equipo. Sigues con el bot."
        ),
        "already": (
            "Ya pedí que te atienda una persona. Lo que escribas aquí lo lee nuestro equipo."
        ),
        "leave": "Volver al bot",
    },
    leave_words=("bot", "volver al bot"),
    job_texts={
        "requested": (
            "{job} ({device}): ya lo pedí. Te aviso aquí cuando empiece y cuando termine."
        ),
        "waiting_for_provider": (
            "{job} ({device}): el sistema de nuestra red todavía no lo confirma. Lo seguimos "
            "intentando y te decimos aquí si empieza o si no se pudo."
        ),
        "accepted": "{job} ({device}): está confirmado.",
        "stalled": (
            "{job} ({device}): tarda más de lo normal. Eso no quiere decir que falló; lo seguimos "
            "revisando."
        ),
        "unseen": (
            "{job} ({device}): en este momento no podemos ver cómo va. Puede que vaya bien; "
            "seguimos revisando."
        ),
        "succeeded": "✅ {job} ({device}): funcionó.",
        "failed": "{job} ({device}): no funcionó.",
        "nothing_changed": "{job} ({device}): no llegó a empezar. *No cambió nada.*",
        "timed_out": (
            "{job} ({device}): no vemos que haya terminado, y ya debería. Si tu internet funciona, "
            "no tienes que hacer nada."
        ),
        "fate_unknown": (
            "{job} ({device}): no podemos saber si llegó a hacerse. Para no hacerlo dos veces, "
            "por ahora no lo repetimos. Si tu internet funciona, no tienes que hacer nada."
        ),
        "cancelling": (
            "{job} ({device}): pedí que se cancele. Todavía no está cancelado: te digo aquí si se "
            "pudo."
        ),
        "cancelled": "{job} ({device}): de acuerdo, lo dejamos aquí y no seguimos.",
        "cancel_too_late": (
            "{job} ({device}): ya está en marcha y no se puede cancelar. Lo seguimos, y te "
            "contamos aquí cómo termina."
        ),
        "corrected": (
            "Buenas noticias, y una corrección. {job} ({device}): sí funcionó. Lo que te dijimos "
            "antes ya no vale."
        ),
        "checking": (
            "{job} ({device}): antes de repetirlo, reviso si el intento anterior llegó a funcionar."
        ),
        "already_running": (
            "{job} ({device}): ya está en curso, así que no inicié nada más. Está así:"
        ),
    },
    job_menu={
        "retry": "Intentar de nuevo",
        "agent": "Hablar con un asesor",
        "leave": "Dejarlo así",
        "cancel": "Cancelar",
    },
)
