"""Names of months in three calendars, as people and documents write them.

Months from January (Hamal, Muharram) on, parted by semicolons; names of several words are
joined. They go through the same folding as what is typed, so that accents, letter variants,
apostrophes and the Russian soft sign need no entry of their own.
"""

GREGORIAN_MONTHS = """
    january jan январь января янв январи جنوری ژانویه ینایر;
    february feb февраль февраля фев февр феврали فبروری فوریه فبرایر فروری;
    march mar март марта мар марти مارچ مارس;
    april apr апрель апреля апр апрели اپریل آوریل ابریل;
    may май мая майи می مه مئی;
    june jun июнь июня июн июни جون ژوئن یونیو;
    july jul июль июля июл июли جولای ژوئیه یولیو جولائی;
    august aug август августа авг августи اگست اوت آگوست اگسطس;
    september sep sept сентябрь сентября сен сент сентябри سپتمبر سپتامبر سپټمبر ستمبر;
    october oct октябрь октября окт октябри اکتوبر اکتبر;
    november nov ноябрь ноября ноя нояб ноябри نومبر نوامبر نوممبر;
    december dec декабрь декабря дек декабри دسمبر دسامبر ډسمبر
"""

# Afghan (Dari), Pashto and Iranian names, in Arabic, Latin and Cyrillic script.
SOLAR_HIJRI_MONTHS = """
    حمل hamal ҳамал وری wray wrai woray فروردین farvardin farwardin фарвардин;
    ثور sawr saur thawr sowr sawer савр саур غویی غوایی ghwayay ghwayai ghwaye اردیبهشت
        ordibehesht урдибиҳишт ордибехешт;
    جوزا jawza jauza jowza ҷавзо джавзо джауза غبرگولی غبرګولی ghbargolay ghbargolai خرداد
        khordad хурдод хордад;
    سرطان saratan sartan саратон саратан چنگاښ چنګاښ chungash changash تیر tir тир;
    اسد asad асад زمری zmaray zmarai zmari مرداد امرداد mordad amordad мурдод мордад;
    سنبله sunbula sunbulah sonbola sonbolah sumbula сунбула وږی وگی wazhay wazhai wagay شهریور
        shahrivar shahriwar шаҳривар;
    میزان mizan meezan мизон мизан تله tala тала مهر mehr меҳр;
    عقرب aqrab ақраб لړم larum laram ларам آبان aban обон абан;
    قوس qaws qaus qows qavs қавс каус لیندۍ lindai lindey lenday آذر azar озар азар;
    جدی jadi jady jadee ҷадӣ джади مرغومی marghumay marghumai marghomay دی dey dei dai дай дей;
    دلو dalw dalwa dalv далв далу سلواغه سلواغه salwagha salwaghah بهمن bahman баҳман;
    حوت hut hoot ҳут کب kab каб اسفند esfand isfand исфанд эсфанд
"""

LUNAR_HIJRI_MONTHS = """
    محرم محرمالحرام muharram moharram муҳаррам;
    صفر safar safer сафар;
    ربیعالاول ربیعاول rabialawwal rabiulawwal rabiulawal rabiawwal rabii рабиулаввал
        рабиъулаввал;
    ربیعالثانی ربیعالآخر ربیعثانی rabialthani rabiulthani rabiussani rabialakhir rabiulakhir
        rabiulakhar rabiii рабиуссони рабиъуссони рабиулохир;
    جمادیالاول جمادیالاولی جمادیاول jumadaalawwal jumadaalula jumadalula jumadaulawwal jumadai
        ҷумодиюлаввал ҷумодиулаввал;
    جمادیالثانی جمادیالآخر جمادیالثانیه جمادیثانی jumadaalthani jumadaalakhir jumadaalakhirah
        jumadaussani jumadaii ҷумодиюссони ҷумодиулохир;
    رجب rajab раҷаб раджаб;
    شعبان shaban shaaban shabaan шаъбон шаабан;
    رمضان رمضانالمبارک ramadan ramazan ramadhan рамазон рамадан;
    شوال shawwal shawal shavval шаввол шаввал;
    ذیقعده ذوالقعده ذیالقعده ذیقعدهالحرام dhualqadah dhulqadah dhualqidah zulqada zilqad ziqada
        зулқаъда зилқаъда;
    ذیحجه ذیالحجه ذوالحجه dhualhijjah dhulhijjah zulhijja zilhij zihijja зулҳиҷҷа зилҳиҷҷа
"""
