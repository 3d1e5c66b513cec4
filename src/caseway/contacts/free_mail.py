"""Which domains are a company's: all but those of providers whose mail says nothing about an employer."""

from __future__ import annotations

import re

FREE_MAIL = frozenset(
    """
    gmail.com googlemail.com outlook.com outlook.de outlook.fr outlook.es outlook.it outlook.jp outlook.com.br
    hotmail.com hotmail.de hotmail.fr hotmail.it hotmail.es hotmail.co.uk hotmail.co.jp hotmail.com.br hotmail.be
    hotmail.ch hotmail.nl live.com live.de live.fr live.it live.nl live.be live.co.uk live.jp live.com.mx
    live.com.pt live.se live.dk live.no msn.com passport.com windowslive.com yahoo.com yahoo.de yahoo.fr yahoo.it
    yahoo.es yahoo.co.uk yahoo.co.jp yahoo.co.in yahoo.in yahoo.ca yahoo.com.br yahoo.com.ar yahoo.com.mx
    yahoo.com.au yahoo.com.hk yahoo.com.tw yahoo.com.sg yahoo.gr yahoo.ie yahoo.se yahoo.no yahoo.dk yahoo.pl
    yahoo.ro ymail.com rocketmail.com myyahoo.com aol.com aol.de aol.co.uk aol.fr aim.com verizon.net icloud.com
    me.com mac.com proton.me protonmail.com protonmail.ch pm.me tutanota.com tutanota.de tutamail.com tuta.io
    tuta.com keemail.me fastmail.com fastmail.fm fastmail.net hey.com zoho.com zohomail.com zohomail.eu mail.com
    email.com usa.com post.com gmx.com gmx.de gmx.net gmx.at gmx.ch gmx.us gmx.fr gmx.es gmx.co.uk web.de
    t-online.de freenet.de arcor.de online.de 1und1.de mail.de posteo.de posteo.net mailbox.org kabelmail.de
    vodafone.de unitybox.de ewetel.net netcologne.de magenta.de freemail.de email.de bluewin.ch hispeed.ch
    sunrise.ch swissonline.ch aon.at chello.at a1.net utanet.at kabsi.at inode.at orange.fr wanadoo.fr free.fr
    sfr.fr neuf.fr laposte.net bbox.fr numericable.fr club-internet.fr cegetel.net voila.fr skynet.be telenet.be
    proximus.be scarlet.be ziggo.nl kpnmail.nl kpnplanet.nl planet.nl xs4all.nl home.nl hetnet.nl casema.nl
    upcmail.nl quicknet.nl chello.nl libero.it virgilio.it alice.it tin.it tim.it tiscali.it fastwebnet.it inwind.it
    iol.it email.it aruba.it pec.it poste.it telefonica.net terra.es movistar.es ono.com ya.com sapo.pt netcabo.pt
    clix.pt mail.pt telepac.pt iol.pt uol.com.br bol.com.br terra.com.br ig.com.br globo.com globomail.com r7.com
    oi.com.br zipmail.com.br prodigy.net.mx fibertel.com.ar speedy.com.ar ciudad.com.ar arnet.com.ar btinternet.com
    btopenworld.com talktalk.net sky.com virginmedia.com ntlworld.com blueyonder.co.uk tiscali.co.uk plus.net
    plusnet.com o2.co.uk orange.net eircom.net comcast.net xfinity.com att.net sbcglobal.net bellsouth.net cox.net
    charter.net spectrum.net earthlink.net optonline.net roadrunner.com rr.com twc.com frontier.com frontiernet.net
    windstream.net juno.com netzero.net centurylink.net q.com mindspring.com suddenlink.net rogers.com shaw.ca
    bell.net sympatico.ca videotron.ca telus.net cogeco.ca bigpond.com bigpond.net.au optusnet.com.au iinet.net.au
    internode.on.net tpg.com.au ozemail.com.au xtra.co.nz slingshot.co.nz telia.com telia.se bredband.net comhem.se
    spray.se online.no broadpark.no getmail.no tdcadsl.dk mail.dk stofanet.dk jubii.dk ofir.dk elisanet.fi
    kolumbus.fi luukku.com saunalahti.fi suomi24.fi wp.pl o2.pl onet.pl onet.eu op.pl poczta.onet.pl interia.pl
    interia.eu vp.pl tlen.pl gazeta.pl poczta.fm seznam.cz centrum.cz email.cz volny.cz atlas.cz post.cz azet.sk
    centrum.sk zoznam.sk freemail.hu citromail.hu t-email.hu abv.bg mail.bg dir.bg net.hr siol.net mail.ru bk.ru
    list.ru inbox.ru internet.ru yandex.ru yandex.com ya.ru rambler.ru lenta.ru ukr.net i.ua meta.ua bigmir.net
    tut.by inbox.lv inbox.lt one.lv mail.ee hot.ee otenet.gr forthnet.gr mynet.com superonline.com ttmail.com
    walla.com walla.co.il bezeqint.net netvision.net.il 012.net.il rediffmail.com indiatimes.com sify.com bsnl.in
    qq.com foxmail.com 163.com 126.com yeah.net sina.com sina.cn sohu.com 139.com 189.cn aliyun.com tom.com
    naver.com hanmail.net daum.net nate.com kakao.com docomo.ne.jp ezweb.ne.jp au.com softbank.ne.jp i.softbank.jp
    ybb.ne.jp biglobe.ne.jp nifty.com so-net.ne.jp ocn.ne.jp plala.or.jp excite.co.jp pchome.com.tw hinet.net
    seed.net.tw singnet.com.sg starhub.net.sg pacific.net.sg streamyx.com hushmail.com runbox.com disroot.org
    riseup.net autistici.org mailfence.com startmail.com kolabnow.com countermail.com duck.com simplelogin.com
    anonaddy.com addy.io mozmail.com privaterelay.appleid.com relay.firefox.com mailinator.com guerrillamail.com
    10minutemail.com yopmail.com sharklasers.com trashmail.com temp-mail.org example.com example.net example.org
    """.split()  # noqa: SIM905 - five hundred quotation marks read worse
)
"""Free providers, access providers, forwarding services and throw-away mail; and the names kept for examples."""

_NOT_A_NAME = frozenset({"mail", "email", "smtp", "mx", "em", "mg", "news", "newsletter", "info", "bounce", "www"})
_SECOND_LEVEL = frozenset(
    {"ac", "co", "com", "edu", "go", "gob", "gov", "gv", "ne", "net", "nom", "or", "org", "ltd", "plc"}
)


def business_domain(email: str) -> str:
    """The domain that stands for the address's company; '' for free mail and for what is no domain.

    Names of machines in front of it ('mail.', 'mx.') are dropped.
    """
    domain = email.rpartition("@")[2].strip().lower().rstrip(".")
    labels = domain.split(".")
    while len(labels) > 2 and labels[0] in _NOT_A_NAME:
        labels = labels[1:]
    domain = ".".join(labels)
    if len(labels) < 2 or len(domain) > 253 or not re.fullmatch(r"[\w.-]+", domain) or labels[-1].isdecimal():
        return ""
    if labels[-1] in {"local", "localhost", "invalid", "test", "lan", "internal"}:
        return ""
    return "" if any(parent in FREE_MAIL for parent in parents(domain)) else domain


def parents(domain: str) -> list[str]:
    """The domain and those above it down to two labels: 'eu.acme.example', 'acme.example'."""
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]


def name_of_company(domain: str) -> str:
    """A first name for a company, until somebody gives a better one: 'kita-outdoor.co.jp' is 'Kita Outdoor'."""
    labels = domain.split(".")
    at = -3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL else -2
    label = labels[at]
    if label.startswith("xn--"):
        try:
            label = label.encode().decode("idna")
        except UnicodeError:
            return domain
    return " ".join(word[:1].upper() + word[1:] for word in re.split(r"[-_]+", label) if word)[:200] or domain
