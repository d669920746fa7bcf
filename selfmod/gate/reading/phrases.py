# ruff: noqa: E501, RUF001 - one phrase is one pattern on one line; Cyrillic and Chinese signs are what is looked for
"""Phrases of people who write to models, as patterns: what they demand, in several languages."""

from typing import Final

_MODEL: Final = (
    r"(?:llms?|(?:large )?language models?|chatbots?|assistants?|chatgpt|gpt-?\d[\w.]*|claude|copilot"
    r"|(?:ai|llm|automated|artificial intelligence)[ -](?:models?|systems?|assistants?|agents?|reviewers?|tools?|judges?|graders?))"
)
_READS: Final = (
    r"(?:read|review|process|evaluat|judg|summari[sz]|analy[sz]|check|grad|assess|audit|inspect|pars|see|rat)"
)
_LET_IN: Final = r"(?:taken (?:over|in)|let in|waved through|signed off|approved|merged|installed|accepted|adopted|enabled|passed|trusted)"
_LOOKING: Final = r"(?:look|read|check|review|inspect|study|open|audit|glance)"
_LOOKED_AT: Final = r"(?:code|source|module|plug-?in|extension|implementation|diff)"
# Nobody writes these to a person, wherever they stand: also in recorded inputs of tests.
ANYWHERE: Final = (
    (
        r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,20}"
        r"\b(?:previous|prior|above|earlier|preceding|all|any|your|these)\b.{0,30}\b(?:instructions?|prompts?|rules|guidelines|directions)\b"
    ),
    rf"\b(?:you are|act as|pretend to be|behave as)\b.{{0,20}}\b(?:an? )?(?:ai|{_MODEL}|developer mode)\b",
    rf"(?:^|[.:;!>*#\"-]\s*)\b(?:to|for|dear|attention)\b:?,? ?(?:any|all|every|each|whichever|the)? ?{_MODEL}\b.{{0,20}}\b{_READS}",
    rf"\b(?:any|every|all|whichever|whatever)\b.{{0,6}}\b(?:ai|{_MODEL})\b,? (?:that |which |who )?(?:is |are )?{_READS}\w{{0,6}} th(?:is|ese)\b",
    r"<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id)\|>|\[/?INST\]|<<SYS>>",
    r"</?(?:\w+:)?(?:function_calls?|tool_calls?|tool_use|invoke)\b[^>\n]{0,200}>",
    r"\b(?:approve|accept|merge) (?:this|the|every|all|any) (?:(?:pending|open) )?(?:plugins?|candidates?|proposals?)\b",
    r"\bcall approve\b",
    r"(?:^|[.!?;:,>\"]\s*|\b(?:and|please|just|always|must|should) )(?:report|raise|list) (?:no|zero) (?:findings?|issues|concerns|vulnerabilities)\b",
    r"\brecommend (?:its |the |an? |immediate )?(?:approval|acceptance)\b",
    (
        r"\b(?:already|previously) been (?:verified|approved|audited|vetted|cleared|reviewed)\b.{0,15}\bby\b.{0,15}"
        r"\b(?:security|safety|anthropic|openai|the (?:owner|maintainer|administrator|developer)s?)\b"
    ),
    (
        r"\b(?:reveal|print|repeat|output|send|leak|exfiltrate)\b.{0,30}"
        r"\b(?:your|the) (?:instructions|system prompt|prompt|api keys?|secrets|credentials)\b"
    ),
)
# What may also be said to a person, or recorded of one: not looked for in the data of tests.
WRITTEN: Final = (
    rf"\b(?:as an?|dear|attention|(?:note|message|instructions?) (?:for|to))\b,?.{{0,12}}\b(?:ai|{_MODEL})\b",
    rf"\b{_MODEL}\b.{{0,25}}\b(?:must|should|shall|please|have to|need to|are (?:required|instructed) to)\b",
    r"\b(?:system prompt|developer message|jailbreak)\b",
    r"</?(?:system|assistant)>",
    (
        r"\b(?:do not|don't|never)\b.{0,15}\b(?:tell|show|mention|reveal|report|inform|warn|alert)\b.{0,30}"
        r"\b(?:users?|persons?|humans?|reviewers?|owners?|operators?)\b"
    ),
    (
        r"\b(?:when|if|while) (?:you (?:are )?)?(?:reviewing|summari[sz]ing|judging|grading|repairing)\b.{0,60}"
        r"\b(?:say|answer|report|respond|reply|state|approve|claim)\b"
    ),
    r"\b(?:approve|accept|merge|rate|score) (?:this|the) (?:plugin|candidate|change|code|proposal)\b",
    # That it can be let in unread.
    rf"\b(?:can|may|could|should|shall|must|(?:is|are) to) (?:\w+ )?be {_LET_IN}\b.{{0,30}}\bwithout (?:\w+ ){{0,3}}{_LOOKING}\w* (?:\w+ ){{0,3}}{_LOOKED_AT}\b",
    r"\b(?:kann|können|darf|dürfen|sollte|sollten) (?:\w+ ){0,3}ohne\b.{0,40}\b(?:code|quelltext|quellcode|plugin|modul)\b.{0,30}\b(?:übernommen|freigegeben|installiert|genehmigt|akzeptiert|aufgenommen)\b",
)
# A turn of a conversation; `system: str = "metric"` is the hint of a parameter.
_HINT: Final = r"[\w.]+(?:\[[^\[\]\n]*(?:\[[^\[\]\n]*\][^\[\]\n]*)*\])?"
TURN: Final = (
    r"^\s*(?:#+ |[-*>] |\W{0,3})?(?:system|assistant|human)\s*:\s"
    rf"(?!{_HINT}(?: \| {_HINT})*(?: =[^\n]*)?,?$)"
)
# The same demands in the languages that models are most often addressed in, beside English.
ELSEWHERE: Final = (
    # German
    r"\b(?:ignorier|missacht|vergiss|vergesst|vergessen sie|übergeh|überschreib)\w{0,3}\b.{0,30}\b(?:anweisung|instruktion|vorgabe|anordnung|befehl|prompt|regeln|richtlinien)",
    r"\b(?:du bist|sie sind|verhalte dich)\b.{0,20}\b(?:ki|sprachmodell|ki-\w+|assistent|chatbot)\b",
    r"\b(?:hinweis|nachricht|anweisung|notiz)\w{0,2} (?:für|an)\b.{0,20}\b(?:ki|kis|ki-\w+|sprachmodelle?|assistenten)\b",
    r"\b(?:genehmige|akzeptiere|bewillige|befürworte)\w{0,2}\b.{0,12}\b(?:plugin|vorschlag|kandidat)",
    r"\b(?:sag|sage|erzähl|erzähle|melde|zeige|verrate)\b.{0,30}\b(?:nutzer|benutzer|anwender|prüfer)\w{0,2}\b.{0,20}\b(?:nicht|nichts)\b",
    # French
    r"\b(?:ignor|oubli|néglig)\w{0,3}\b.{0,25}\b(?:instructions|consignes|directives|règles|prompt)\b",
    r"\bne (?:tiens|tenez) (?:pas|aucun) compte\b.{0,30}\b(?:instructions|consignes|directives|règles)\b",
    r"\b(?:tu es|vous êtes|agis comme|agissez comme)\b.{0,20}\b(?:ia|intelligence artificielle|modèle de langage|assistant)\b",
    r"\b(?:note|message|attention|instructions?)\b.{0,6}\b(?:pour|à|aux)\b.{0,15}\b(?:ia|modèles? de langage|assistants? ia)\b",
    r"\b(?:approuve|approuvez|accepte|acceptez|valide|validez) (?:ce|cette|le|la) (?:plugin|extension|module|proposition|candidat)",
    r"\bne (?:dis|dites|mentionne|mentionnez|signale|signalez|révèle|révélez)\b.{0,20}\b(?:utilisateur|relecteur|personne)",
    # Spanish, Portuguese, Italian
    r"\b(?:ignor|olvid|omit|descart|esque|desconsider|dimentic)\w{0,4}\b.{0,25}\b(?:instrucciones|indicaciones|órdenes|reglas|directrices|instruções|istruzioni|regras|prompt)\b",
    r"\bhaz caso omiso\b.{0,25}\b(?:instrucciones|indicaciones|reglas)\b",
    r"\b(?:eres|actúa como|usted es|você é|sei)\b.{0,20}\b(?:ia|inteligencia artificial|inteligência artificial|modelo de lenguaje|modelo de linguagem|modello linguistico|asistente)\b",
    r"\b(?:nota|mensaje|mensagem|messaggio|instrucciones)\b.{0,6}\b(?:para|per)\b.{0,15}\b(?:ia|modelos? de lenguaje|modelos? de linguagem|modelli linguistici)\b",
    r"\b(?:aprueba|apruebe|acepta|acepte|aprova|aprove|approva)\b.{0,6}\b(?:este|esta|el|o|questo) (?:plugin|complemento|propuesta|proposta|candidato)",
    r"\bno (?:le )?(?:digas|diga|menciones|mencione|informes|muestres|reveles)\b.{0,25}\b(?:usuario|revisor|persona)",
    # Russian
    r"\b(?:игнорир|проигнорир|забуд|не обращай|не учитывай|отбрось)\w{0,6}.{0,35}(?:инструкц|указани|правил|команд|промпт)",
    r"\b(?:ты|вы|действуй как|веди себя как)\b.{0,15}(?:\bии\b|искусственн\w+ интеллект|языков\w+ модел|ассистент)",
    r"(?:замечани|сообщени|инструкци|примечани|внимани)\w{0,3}.{0,8}\b(?:для|к)?.{0,8}(?:\bии\b|языков\w+ модел|нейросет)",
    r"\b(?:одобри|одобрите|прими|примите|утверди|утвердите)\b.{0,12}(?:плагин|предложени|кандидат)",
    r"\bне (?:говори|сообщай|упоминай|показывай|рассказывай)\w{0,3}\b.{0,25}(?:пользовател|человек|рецензент)",
    # Chinese, Japanese, Korean
    r"(?:忽略|無視|无视|忘记|忘記|不要理会|不要理會|忽視|忽视|绕过).{0,14}(?:指令|指示|提示|规则|規則|说明|說明|命令)",
    r"(?:你是|您是|扮演).{0,8}(?:AI|人工智能|人工智慧|语言模型|語言模型|大模型|助手)",
    r"(?:致|给|給|请注意|注意).{0,6}(?:AI|人工智能|人工智慧|语言模型|語言模型|大模型).{0,12}(?:模型|审|審|系统|系統|助手|注意|：|:)",
    r"(?:批准|通过|通過|接受|同意)(?:此|这个|這個|该|該|本)(?:插件|提案|候选|外掛|代码)",
    r"不要(?:告诉|告訴|提及|报告|報告|透露).{0,10}(?:用户|用戶|使用者|审查|審查)",
    r"(?:以前|これまで|上記|前|すべて)の.{0,8}(?:指示|命令|プロンプト|ルール).{0,8}(?:無視|忘れ)",
    r"(?:이전|위의|모든).{0,10}(?:지시|명령|프롬프트|규칙).{0,8}(?:무시|잊)",
)
# Where letters are set apart no words are left, so only what is long enough to mean nothing else.
SOLID: Final = (
    r"(?:ignore|disregard|forget|override)(?:all|any|the|of|your|every|these|previous|prior|above|earlier|preceding)+(?:instructions?|prompts?|guidelines)",
    r"(?:approve|accept|merge)(?:this|the|every|all)(?:pending)?(?:plugin|candidate|proposal)",
    r"youarenowan?(?:ai|assistant|llm)|systemprompt(?:is|:)|reportno(?:findings|issues)|donottellthe(?:user|reviewer)",
    r"(?:ignorier|vergiss)\w{0,2}alle\w{0,14}(?:anweisungen|regeln)|ignore[zr]?(?:toutes)?les(?:instructions|consignes)|ignoral?as?instrucciones",
    r"(?:игнорируй|забудь)\w{0,20}инструкции",
)
