"""The words by which mail programs announce a quotation, case-folded. Data only; `quote_headers` reads it."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(word.strip().casefold() for word in text.replace("\n", "|").split("|") if word.strip())


# 'wrote' as one word.
VERBS = _words(
    """wrote|writes|quoting|schrieb|schrieben|geschrieben|schreibt|zitat|écrit|ecrit
    écrivait|escribió|escribio|escribiu|escrito|citando|escreveu|scritto|scrive|schreef|geschreven
    skrev|skrifaði|skreiv|kirjoitti|kirjutas|napisał|napisala|napisała|pisze|napsal|napsala|napísal
    napísala|píše|pise|írta|írja|scris|yazdı|yazmış|yazıyor|написал|написала|написали|пишет|писал
    писала|написав|пише|писав|написа|писа|napisao|napisal|rašė|parašė|rakstīja|έγραψε|έγραψες
    γράφει|escriure|escrit|idatzi|viết|menulis|menulispada|كتب|كتبت|כתב|כתבה|نوشت|نوشته|लिखा|shkroi"""
)

# 'wrote' where a language writes it in several words or without spaces.
VERB_PHRASES = tuple(
    sorted(
        _words(
            """a écrit|ha scritto|ha escrit|va escriure|het volgende geschreven|a scris|je napisao|je napisala
    đã viết|ezt írta|şunu yazdı|idatzi zuen|写道|寫道|写到|来信|寫了|撰写|のメール|書きました
    さんは書き|さんからのメール|は次のように書|に書かれた|님이 작성|작성:|님의 메일|이(가) 작성
    님이 쓴 글|썼습니다|เขียนว่า|เขียน:|ने लिखा|zitat von"""
        )
    )
)

# How such a line begins.
OPENERS = _words(
    """on|at|in|le|am|el|em|il|op|den|på|dnia|w|dne|dňa|în|pe|na|στις|на|в|a|vào|pada|tarihinde|noong
    quoting|zitat|fra|von|i|kl|dana|dan|datums|lúc|在|於|于|בתאריך|ב|في|no|om|у|kuupäeval|monday
    tuesday|wednesday|thursday|friday|saturday|sunday|mon|tue|wed|thu|fri|sat|sun|montag|dienstag
    mittwoch|donnerstag|freitag|samstag|sonntag|понедельник|вторник|среда|четверг|пятница|суббота
    воскресенье|пн|вт|ср|чт|пт|сб|вс|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lun|mar
    mer|jeu|ven|sam|dim|lunes|martes|miércoles|jueves|viernes|sábado|domingo"""
)

# '-----Original Message-----'
ORIGINAL = _words(
    """original message|original email|original mail|original-nachricht|originalnachricht
    original appointment|ursprüngliche nachricht|ursprüngliche mail|ursprungliche nachricht
    urspr. nachricht|originalmail|message d'origine|message d’origine|message original
    message initial|message précédent|mensaje original|mensaje anterior|correo original
    missatge original|mensaxe orixinal|jatorrizko mezua|mensagem original|messaggio originale
    messaggio original|oorspronkelijk bericht|oorspronkelijke bericht|originele bericht
    origineel bericht|oprindelig meddelelse|oprindelig besked|original besked|opprinnelig melding
    opprinnelig meddelelse|ursprungligt meddelande|originalmeddelande|ursprungsmeddelande
    alkuperäinen viesti|algne kiri|algsõnum|wiadomość oryginalna|oryginalna wiadomość
    původní zpráva|původní e-mail|pôvodná správa|eredeti üzenet|eredeti levél|mesaj original
    mesajul original|orijinal mesaj|özgün ileti|orjinal mesaj|исходное сообщение
    оригинальное сообщение|первоначальное сообщение|оригінальне повідомлення|вихідне повідомлення
    оригинално съобщение|оригинална порука|originalna poruka|izvorna poruka|izvorno sporočilo
    originalus laiškas|pirminis pranešimas|sākotnējais ziņojums|αρχικό μήνυμα|πρωτότυπο μήνυμα
    الرسالة الأصلية|הודעה מקורית|ההודעה המקורית|پیام اصلی|原始邮件|原始郵件|原邮件|邮件原件
    原始訊息|元のメッセージ|原始信件|원본 메시지|원본 메일|원본메시지|thư gốc|tin nhắn gốc
    pesan asli|mesej asal|ข้อความต้นฉบับ|ข้อความดั้งเดิม|मूल संदेश|reply message|reply separator"""
)

# '---------- Forwarded message ----------', 'Begin forwarded message:'
FORWARDED = _words(
    """forwarded message|forwarded email|begin forwarded message|forwarded mail
    start of forwarded message|weitergeleitete nachricht|anfang der weitergeleiteten nachricht
    anfang der weitergeleiteten e-mail|weitergeleitete mail|message transféré|message transmis
    début du message transféré|début du message réexpédié|courriel transféré|mensaje reenviado
    inicio del mensaje reenviado|mensaje enviado|missatge reenviat|mensaxe reenviada
    mensagem encaminhada|mensagem reencaminhada|início da mensagem encaminhada
    início da mensagem reencaminhada|messaggio inoltrato|inizio messaggio inoltrato
    inoltro messaggio|doorgestuurd bericht|begin doorgestuurd bericht|doorgestuurd
    videresendt meddelelse|videresendt besked|start på videresendt besked|videresendt melding
    videresendt e-post|begynnelse på videresendt melding|vidarebefordrat meddelande
    vidarebefordrat brev|välitetty viesti|edelleenlähetetty viesti|edastatud kiri
    przekazana wiadomość|wiadomość przekazana|początek przekazywanej wiadomości|přeposlaná zpráva
    preposlaná správa|továbbított üzenet|mesaj redirecționat|mesaj redirectionat|iletilen ileti
    iletilmiş mesaj|yönlendirilen mesaj|пересылаемое сообщение|пересланное сообщение
    переслане повідомлення|препратено съобщение|prosleđena poruka|proslijeđena poruka
    posredovano sporočilo|persiųstas laiškas|pārsūtīts ziņojums|προωθημένο μήνυμα
    رسالة معاد توجيهها|הודעה שהועברה|پیام هدایت شده|转发的邮件|轉寄郵件|转发邮件|轉寄訊息
    転送メッセージ|転送されたメッセージ|전달된 메시지|전달된 메일|thư đã chuyển tiếp|pesan terusan
    pesan diteruskan|mesej dimajukan|ข้อความที่ส่งต่อ"""
)

# 'Reply above this line', anywhere in a line.
ABOVE_MARKS = tuple(
    sorted(
        _words(
            """reply above this line|type your reply above|write your reply above|reply above the line
    above this line to reply|above this line to add|please reply above this
    antworten sie bitte oberhalb|oberhalb dieser linie|bitte über dieser linie
    oberhalb dieser zeile antworten|répondre au-dessus de cette ligne
    réponse au-dessus de cette ligne|au dessus de cette ligne|por encima de esta línea
    encima de esta linea|responda acima desta linha|acima desta linha|sopra questa linea
    sopra questa riga|boven deze regel|boven deze lijn|over denne linje|ovanför den här linjen
    ovanför denna rad|tämän rivin yläpuolelle|powyżej tej linii|nad tento řádek|bu satırın üzerine
    выше этой линии|выше этой строки|вище цієї лінії|请在此行之上|この行より上|이 줄 위에"""
        )
    )
)

PREVIOUS = _words(
    """previous replies|previous discussion|previous reply|previous conversation|vorherige antworten
    vorherige antwort|vorherige beiträge|réponses précédentes|réponse précédente
    respuestas anteriores|respuesta anterior|respostas anteriores|resposta anterior
    risposte precedenti|vorige reacties|eerdere reacties|tidligere svar|tidigare svar
    aiemmat vastaukset|poprzednie odpowiedzi|předchozí odpovědi|предыдущие ответы
    попередні відповіді|önceki yanıtlar|先前的回复|先前的回覆|以前的回复|以前の返信|이전 답글
    תגובות קודמות|الردود السابقة|προηγούμενες απαντήσεις"""
)


def _labels(**fields: str) -> dict[str, str]:
    return {word: field.removesuffix("_") for field, text in fields.items() for word in _words(text)}


LABELS = _labels(
    from_="""from|von|absender|de|expéditeur|remitente|da|mittente|van|afzender|fra|afsender|avsender|från
    avsändare|lähettäjä|od|nadawca|odesílatel|odosielateľ|feladó|de la|expeditor|kimden|gönderen|от
    от кого|отправитель|від|відправник|από|αποστολέας|מאת|من|از|发件人|發件人|寄件者|寄件人|差出人
    送信者|보낸 사람|보낸사람|発信人|saatja|no|nuo|šalje|pošiljatelj|từ|người gửi|dari|จาก
    prejeto od|kreipėsi|sūtītājs|siuntėjas|ส่งจาก|प्रेषक|nga|remetent""",
    date="""date|sent|sent on|received|sent at|datum|gesendet|gesendet am|geschickt|envoyé|envoyé le
    date d'envoi|enviado|enviado el|enviado em|fecha|data|inviato|data invio|verzonden
    datum verzending|sendt|dato|skickat|skickat den|lähetetty|päiväys|wysłano|data wysłania|wyslano
    odesláno|dátum|odoslané|küldve|elküldve|trimis|data trimiterii|tarih|gönderildi|gönderme tarihi
    отправлено|дата|послано|надіслано|ημερομηνία|εστάλη|στάλθηκε|נשלח|תאריך|تاريخ|التاريخ
    تم الإرسال|أرسلت|تاریخ|发送时间|發送時間|日期|发送日期|寄件日期|傳送時間|已傳送|送信日時|日時
    送信日|보낸 날짜|날짜|보낸날짜|kuupäev|saadetud|poslano|sūtīts|nosūtīts|išsiųsta|đã gửi|ngày
    dikirim|tanggal|tarikh|วันที่|ส่ง|ส่งเมื่อ|दिनांक|dërguar|sendt den|enviat|data d'enviament
    изпратено""",
    to="""to|an|empfänger|à|a|destinataire|para|destinatario|destinatário|aan|ontvanger|til|modtager|till
    mottagare|vastaanottaja|do|adresat|komu|pre|címzett|către|catre|kime|alıcı|кому|получатель|до
    προς|אל|إلى|الى|به|收件人|收件者|宛先|받는 사람|받는사람|saaja|kam|kellele|za|prima|đến|tới
    người nhận|kepada|ke|ถึง|प्रति|për|per a""",
    cc="""cc|bcc|kopie|kopia|copie à|cópia|copia|kopi|kopio|másolatot kap|bilgi|копия|копія|κοιν|העתק
    نسخة|抄送|副本|참조|cópia para|dw|kópia""",
    subject="""subject|betreff|betrifft|objet|sujet|asunto|assunto|oggetto|onderwerp|emne|ämne|aihe|temat
    předmět|predmet|tárgy|subiect|konu|тема|θέμα|נושא|الموضوع|موضوع|主题|主題|主旨|件名|제목|teema
    tēma|tema|zadeva|chủ đề|tiêu đề|perihal|subjek|เรื่อง|หัวเรื่อง|विषय|assumpte|subjekt|относно
    subjekts""",
    other="""reply-to|antwort an|répondre à|responder a|rispondi a|risposta|antwoord aan|svar til|svara till
    odpowiedz do|attachments|anlagen|pièces jointes|adjuntos|allegati|bijlagen|importance|priority
    priorität|wichtigkeit|importance élevée|organization|organisation|mailed-by|signed-by
    newsgroups|message-id|reply to|attachment|anhang|vedhæftede filer""",
)

# Words that mobile and other programs begin their advertisement with.
SENDING = tuple(
    sorted(
        _words(
            """sent from|sent via|sent with|sent using|sent by|send from|sent on|sent through|from my
            envoyé de|envoyé depuis|envoyé à partir de|envoyé avec|von meinem|gesendet von|gesendet mit
            gesendet über|gesendet via|diese nachricht wurde von meinem|diese nachricht wurde mit
            enviado desde|enviado do|enviado a partir|enviado de|enviado con|enviado com|enviado pelo
            enviado via|inviato da|inviato dal|inviato con|verzonden vanaf|verzonden met
            verstuurd vanaf|verzonden via|verstuurd met|sendt fra|sendt via|skickat från|skickat via
            skickades från|wysłano z|wysłane z|wysłane przy|odesláno z|odoslané z|elküldve|küldve
            trimis de pe|trimis din|gönderildi|gönderilmiştir|gönderdim|отправлено с|отправлено из
            отправлено со|надіслано з|изпратено от|poslano s|poslato sa|στάλθηκε από|εστάλη από|נשלח מה
            נשלח מ|أرسلت من|تم الإرسال من|ارسال شده از|從我的|发自|發自
            发送自|傳送自|iphoneから送信|から送信|나의|내|gửi từ
            dikirim dari|ส่งจาก|このメッセージは|lähetetty minun|lähetetty iphone|lähetetty laitteesta"""
        )
    )
)

# 'Get Outlook for iOS', by first word, and what stands between program and platform.
GETTING = _words(
    """get|download|obtenez|téléchargez|télécharger|holen|laden|obtener|descargar|obter|obtenha|baixar|scarica|ottieni|hent
    download|hämta|skaffa|hanki|pobierz|získejte|stiahnite|letöltés|obțineți|получить|скачать|отримати|取得|下载"""
)
FOR = _words("for|pour|für|para|per|voor|til|för|dla|pro|pre|pentru|için|для")

# What such a line names.
DEVICES = _words(
    """iphone|ipad|ipod|android|blackberry|samsung|galaxy|huawei|xiaomi|nokia|htc|motorola|oneplus
    pixel|sony|xperia|lg|mobile|phone|smartphone|cell|cellphone|handheld|tablet|tablette|téléphone
    telefon|mobiltelefon|mobil|mobiele|telefoon|móvil|movil|celular|teléfono|telefone|telemóvel
    cellulare|telefono|mobilgerät|handy|mobilenhet|puhelin|puhelimesta|telefonu|mobilu|telefonum
    телефона|смартфона|мобильного|айфона|ipada|iphonea|iphone'a|ipad'a|ipadista|iphonesta|outlook
    mailbox|airmail|yahoo|mail|windows|k-9|thunderbird|proton|protonmail|tutanota|tuta|gmx|web.de
    zoho|spark|superhuman|aol|hotmail|bluemail|nine|edison|gmail|fairemail|mailspring|canary|hey
    aquamail|t-mobile|verizon|vodafone|傳送|发送|送信|보냄|移动|手机|手機"""
)

# Formal closings, which say nothing themselves. 'Thanks' is left out: it is said to someone.
CLOSINGS = _words(
    """best regards|kind regards|warm regards|with kind regards|with best regards|regards|best wishes
    sincerely|yours sincerely|yours faithfully|yours truly|sincerely yours|respectfully
    kindest regards|rgds|br|mit freundlichen grüßen|mit freundlichen grüssen|mit freundlichem gruß
    mit freundlichem gruss|freundliche grüße|freundliche grüsse|beste grüße|beste grüsse
    viele grüße|viele grüsse|mfg|lg|vg|liebe grüße|herzliche grüße|schöne grüße|mit besten grüßen
    hochachtungsvoll|cordialement|bien cordialement|très cordialement|salutations distinguées|cdlt
    saludos cordiales|un saludo|atentamente|saludos|cordialmente|un cordial saludo|atenciosamente
    com os melhores cumprimentos|melhores cumprimentos|cumprimentos|att|distinti saluti
    cordiali saluti|cordialità|un cordiale saluto|met vriendelijke groet|met vriendelijke groeten
    vriendelijke groet|vriendelijke groeten|hartelijke groet|mvg|med venlig hilsen
    med venlige hilsner|venlig hilsen|venlige hilsner|de bedste hilsner|mvh|kh|vh|hilsen
    bedste hilsner|med vennlig hilsen|vennlig hilsen|beste hilsen|med vänlig hälsning
    med vänliga hälsningar|vänliga hälsningar|vänlig hälsning|hälsningar|ystävällisin terveisin
    terveisin|parhain terveisin|z poważaniem|z powazaniem|pozdrawiam|z wyrazami szacunku
    s pozdravem|s přátelským pozdravem|s pozdravom|üdvözlettel|tisztelettel|cu stimă|cu respect
    saygılarımla|iyi çalışmalar|с уважением|с наилучшими пожеланиями|з повагою|с уважение
    s poštovanjem|lep pozdrav|με εκτίμηση|בברכה|مع أطيب التحيات|با احترام
    此致|敬具|よろしくお願いします|よろしくお願いいたします|宜しくお願い致します|敬上
    |trân trọng
    hormat kami|salam hormat|lugupidamisega|pagarbiai|ar cieņu"""
)

# How a paragraph begins that lawyers wrote.
DISCLAIMERS = tuple(
    sorted(
        _words(
            """this email and any attachments|this e-mail and any attachments|this email and any files
    this e-mail and any files|this message and any attachments|this message is intended only
    this email is intended only|this e-mail is intended only|this message contains confidential
    this email contains confidential|this e-mail contains confidential|this email is confidential
    this e-mail is confidential|this communication is confidential|this message is confidential
    this email may contain confidential|this e-mail may contain confidential
    this message may contain confidential|the information contained in this e
    the information contained in this message|the information contained in this comm
    the information in this email|the information in this e-mail|the contents of this email
    the contents of this e-mail|this transmission|if you are not the intended recipient
    if you have received this email in error|if you have received this message in error
    if you have received this e-mail in error|confidentiality notice|confidentiality:|disclaimer:
    disclaimer|legal notice:|privileged and confidential|private and confidential|notice: this e
    important notice:|important: this e|please consider the environment|before printing, think
    consider the environment before|this email has been checked for viruses
    this email has been scanned|this e-mail has been scanned
    this email was sent to you by someone outside|diese e-mail enthält vertrauliche
    diese e-mail ist vertraulich|der inhalt dieser e-mail ist vertraulich
    diese nachricht enthält vertrauliche|diese e-mail und alle anhänge
    diese e-mail kann vertrauliche|diese e-mail wurde von avast|ce message et toutes les pièces
    ce message et ses pièces|ce courriel et ses pièces|ce message est confidentiel
    ce courriel est confidentiel|ce message contient des informations confidentielles
    avis de confidentialité|este mensaje y sus archivos|este mensaje y cualquier
    este correo electrónico y|este mensaje contiene información confidencial
    aviso de confidencialidad|aviso legal|esta mensagem e|esta mensagem pode conter
    este e-mail pode conter|aviso de confidencialidade|questo messaggio e|questo messaggio contiene
    questa email è confidenziale|le informazioni contenute in questa|avviso di riservatezza
    ai sensi del d.lgs|questo messaggio e' stato analizzato|dit bericht is uitsluitend
    de informatie in dit e-mail|dit e-mailbericht|dit bericht kan vertrouwelijke|denne e-mail
    denne meddelelse er fortrolig|denne e-posten|detta e-postmeddelande
    detta meddelande kan innehålla|tämä sähköposti|ta wiadomość i|niniejsza wiadomość
    treść tej wiadomości|tato zpráva|táto správa|ez az üzenet|ez az e-mail|acest mesaj|bu e-posta
    bu mesaj|это сообщение содержит|данное сообщение|настоящее сообщение|הודעה זו|この電子メール
    本邮件及其附件|本郵件|이 메일은"""
        )
    )
)
