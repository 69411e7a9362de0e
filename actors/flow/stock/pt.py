"""The shipped words in Portuguese.

What lives here: words. What must not: which keys there are (`words`).
"""

from __future__ import annotations

from actors.flow.stock.words import StockWords

WORDS = StockWords(
    phrases={
        "not_understood": "Não entendi.",
        "unsupported": "Aqui só consigo ler texto, não fotos, áudios nem figurinhas.",
        "too_long": "Essa resposta é longa demais ou está vazia.",
        "stale": (
            "Esse botão é de um tempo atrás, então não iniciei nada. Se ainda quiser, escolha de "
            "novo."
        ),
        "no_jobs": "Você não tem pedidos recentes.",
        "choose": "Ver opções",
        "apology": "Desculpe, algo deu errado do nosso lado.",
        "person": "Falar com atendente",
    },
    handover={
        "summary": (
            "Cliente: {customer} {customer.phone}"
            "{device, select, null {} other {\nRoteador: {device}}}"
            "{reason, select, null {} other {\nMotivo: {reason}}}\n"
            "Trabalhos:\n{jobs}\nConversa (> cliente, < bot):\n{transcript}"
        ),
        "job_line": "[{job}] {news}",
    },
    handover_texts={
        "queued": (
            "Pedi que uma pessoa atenda você. O que você escrever a partir de agora vai para ela; "
            "já pode ir contando o que aconteceu."
        ),
        "joined": (
            "Agora você está falando com uma pessoa da nossa equipe. Para voltar ao bot, escreva "
            "*bot*."
        ),
        "ended": "A conversa com a nossa equipe terminou. Você está de novo com o bot.",
        "left": "Você saiu da conversa com a nossa equipe. Está de novo com o bot.",
        "nobody": (
            "Sinto muito, ninguém da nossa equipe pôde atender você. Você está de novo com o bot."
        ),
        "unavailable": (
            "Sinto muito, no momento não consigo falar com a nossa equipe. Você continua com o bot."
        ),
        "already": (
            "Já pedi que uma pessoa atenda você. O que você escrever aqui vai para a nossa equipe."
        ),
        "leave": "Voltar ao bot",
    },
    leave_words=("bot", "voltar ao bot"),
    job_texts={
        "requested": ("{job} ({device}): já pedi. Aviso aqui quando começar e quando terminar."),
        "waiting_for_provider": (
            "{job} ({device}): o sistema da nossa rede ainda não confirmou. Seguimos tentando e "
            "avisamos aqui se começa ou se não foi possível."
        ),
        "accepted": "{job} ({device}): está confirmado.",
        "stalled": (
            "{job} ({device}): está demorando mais do que o normal. Isso não quer dizer que "
            "falhou; continuamos acompanhando."
        ),
        "unseen": (
            "{job} ({device}): neste momento não conseguimos ver como está. Pode estar indo "
            "bem; continuamos verificando."
        ),
        "succeeded": "✅ {job} ({device}): funcionou.",
        "failed": "{job} ({device}): não funcionou.",
        "nothing_changed": "{job} ({device}): não chegou a começar. *Nada mudou.*",
        "timed_out": (
            "{job} ({device}): não vemos que tenha terminado, e já deveria. Se a sua internet "
            "funciona, não precisa fazer nada."
        ),
        "fate_unknown": (
            "{job} ({device}): não conseguimos saber se chegou a ser feito. Para não fazer duas "
            "vezes, por enquanto não vamos repetir. Se a sua internet funciona, não precisa fazer "
            "nada."
        ),
        "cancelling": (
            "{job} ({device}): pedi o cancelamento. Ainda não está cancelado: aviso aqui se deu "
            "certo."
        ),
        "cancelled": "{job} ({device}): tudo bem, paramos por aqui e não vamos continuar.",
        "cancel_too_late": (
            "{job} ({device}): já está em andamento e não pode mais ser cancelado. Estamos "
            "acompanhando e contamos aqui como termina."
        ),
        "corrected": (
            "Boa notícia, e uma correção. {job} ({device}): funcionou, sim. O que dissemos antes "
            "já não vale."
        ),
        "checking": (
            "{job} ({device}): antes de repetir, estou verificando se a tentativa anterior acabou "
            "funcionando."
        ),
        "already_running": (
            "{job} ({device}): já está em andamento, então não iniciei mais nada. Está assim:"
        ),
    },
    job_menu={
        "retry": "Tentar de novo",
        "agent": "Falar com atendente",
        "leave": "Deixar assim",
        "cancel": "Cancelar",
    },
)
