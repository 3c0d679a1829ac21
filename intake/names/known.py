"""Common given names of Afghanistan and Tajikistan, in Latin letters and in Arabic script.

The spellings are those usual in the English papers of Afghan and Tajik offices, written down from
general knowledge; no published list was copied. The table gives Arabic script the short vowels
that it leaves out, settles spellings that can be read in two ways (Rachid, Chalid), and says that
two names near in spelling are two names (Karim, Akram). A name that is not in it is read by rule.
"""

from __future__ import annotations

from intake.names.normal import normalise

# Latin form, then the spellings in Arabic script that have it.
_NAMES = """
    Abbas عباس; Abdul عبدال; Abdullah عبدالله; Abdur عبدالر; Adam آدم; Adel عادل; Afsana افسانه;
    Afzal افضل; Agha آغا آقا; Ahad احد; Ahmad احمد; Ahmadi احمدی; Aisha عایشه عائشه; Ajmal اجمل;
    Akbar اکبر; Akram اکرم; Alam عالم; Alamgir عالمگیر; Ali علی; Alim علیم; Allah الله; Aman امان;
    Amanullah امانالله; Amer عامر; Amin امین; Amina امینه آمنه; Amir امیر; Amiri امیری;
    Anisa انیسه; Anwar انور; Arash آرش; Aref عارف; Arezu آرزو; Ariana آریانا; Arman آرمان;
    Arsalan ارسلان; Asad اسد; Asadullah اسدالله; Asghar اصغر; Ashraf اشرف; Asif آصف; Asila اصیله;
    Aslam اسلم; Ata عطا; Atefa عاطفه; Atiq عتیق; Ayub ایوب; Azada آزاده; Azam اعظم; Azim عظیم;
    Aziz عزیز; Aziza عزیزه; Azizi عزیزی; Babur بابر; Bahadur بهادر; Bahar بهار; Bahram بهرام;
    Bakhsh بخش; Bakht بخت; Bakhtawar بختاور; Bakhtiar بختیار; Baqer باقر; Baqi باقی; Basem باسم;
    Bashir بشیر; Basir بصیر; Basira بصیره; Batul بتول; Begim بیگیم; Begum بیگم; Behruz بهروز;
    Behzad بهزاد; Bek بیک بیگ; Belqis بلقیس; Bibi بیبی; Bilal بلال; Bizhan بیژن; Breshna برشنا;
    Burhan برهان; Chaman چمن; Dad داد; Daryush داریوش; Davud داود داوود; Dawlat دولت;
    Delawar دلاور; Delshad دلشاد; Dilbar دلبر; Din دین; Dost دوست; Durdana دردانه;
    Durkhanai درخانی; Ehsan احسان; Elham الهام; Elyas الیاس; Enayat عنایت; Esa عیسی;
    Eshaq اسحاق اسحق; Esmail اسماعیل; Esmat عصمت; Ezat عزت; Fahim فهیم; Fahima فهیمه; Faisal فیصل;
    Faiz فیض; Fakhr فخر; Farah فرح; Faramarz فرامرز; Farhad فرهاد; Fariba فریبا; Farid فرید;
    Farida فریده; Faridun فریدون; Farkhunda فرخنده; Farrukh فرخ; Faruq فاروق; Farzad فرزاد;
    Farzana فرزانه; Fateh فاتح; Fath فتح; Fatima فاطمه; Fattah فتاح; Fawzia فوزیه; Fazel فاضل;
    Fazl فضل; Ferdaws فردوس; Fereshta فرشته; Feroz فیروز; Feroza فیروزه; Freba فریبه; Gawhar گوهر;
    Ghafur غفور; Ghani غنی; Ghazi غازی; Ghiyas غیاث; Ghulam غلام; Golnaz گلناز; Gul گل;
    Gulalai گلالی; Gulandam گل‌اندام; Gulchehra گلچهره; Gulnar گلنار; Gulshan گلشن; Habib حبیب;
    Habiba حبیبه; Habibullah حبیبالله; Hadi هادی; Hafiz حافظ; Hafiza حفیظه; Hajera هاجره;
    Haji حاجی; Hakem حاکم; Hakim حکیم; Hakima حکیمه; Haleem حلیم; Halima حلیمه; Hamed حامد;
    Hamid حمید; Hamida حمیده; Hamza حمزه; Hanif حنیف; Hanifa حنیفه; Haq حق; Haris حارث;
    Harun هارون; Hasan حسن; Hashem هاشم; Hayat حیات; Haydar حیدر; Hazrat حضرت; Heba هبه;
    Hedayat هدایت; Hekmat حکمت; Hoda هدی; Hosai هوسی; Hosna حسنا; Hosni حسنی; Huma هما;
    Humaira حمیرا; Humayun همایون; Husain حسین; Husnia حسنیه; Hussaini حسینی; Ibrahim ابراهیم;
    Idris ادریس; Imran عمران; Iqbal اقبال; Iskandar اسکندر; Islam اسلام; Jabbar جبار; Jaber جابر;
    Jafar جعفر; Jahan جهان; Jahangir جهانگیر; Jalal جلال; Jalil جلیل; Jalila جلیله; Jamal جمال;
    Jamil جمیل; Jamila جمیله; Jamshed جمشید; Jan جان; Jannat جنت; Javid جاوید; Jawad جواد;
    Juma جمعه; Kabir کبیر; Kamal کمال; Kamran کامران; Karim کریم; Karima کریمه; Karimi کریمی;
    Kawsar کوثر; Kazim کاظم; Khadija خدیجه; Khadim خادم; Khair خیر; Khaleq خالق; Khalid خالد;
    Khalida خالده; Khalil خلیل; Khan خان; Khanum خانم; Khatera خاطره; Khatol ختول; Khel خیل;
    Khorshid خورشید; Khuda خدا; Khurram خرم; Khushal خوشحال; Khusraw خسرو; Khwaja خواجه;
    Kobra کبری; Laila لیلا لیلی; Lailuma لیلما; Lal لعل; Lala لاله; Latif لطیف; Latifa لطیفه;
    Lutf لطف; Mah ماه; Mahboob محبوب; Mahbuba محبوبه; Mahdi مهدی; Maher ماهر; Mahin مهین;
    Mahmud محمود; Mahmuda محموده; Mahnaz مهناز; Mahtab مهتاب; Majed ماجد; Majid مجید;
    Majida مجیده; Malalai ملالی; Malek مالک; Malik ملک; Malika ملیکه ملکه; Mamnun ممنون;
    Manan منان; Manizha منیژه; Mansur منصور; Manuchehr منوچهر; Maqsud مقصود; Mariam مریم;
    Marjan مرجان; Maruf معروف; Marwa مروه; Marzia مرضیه; Masih مسیح; Masud مسعود; Masuma معصومه;
    Matin متین; Maulawi مولوی; Meena مینه; Mehr مهر; Mehrab مهراب; Mehraban مهربان; Mina مینا;
    Mir میر; Miraj معراج; Mirwais میرویس; Mirza میرزا; Misbah مصباح; Mobin مبین; Mohammad محمد;
    Mohammadi محمدی; Moheb محب; Mohsen محسن; Mohseni محسنی; Moin معین; Morsal مرسل; Mubarak مبارک;
    Mujahid مجاهد; Mujib مجیب; Mujtaba مجتبی; Mukhtar مختار; Mullah ملا; Mumtaz ممتاز; Munir منیر;
    Munira منیره; Muqim مقیم; Murad مراد; Murtaza مرتضی; Musa موسی; Muslim مسلم; Mustafa مصطفی;
    Nabi نبی; Nabila نبیله نبیله; Nadera نادره; Nadia نادیه نادیا; Nadim ندیم; Nadir نادر;
    Nafisa نفیسه; Nahid ناهید; Naim نعیم; Najib نجیب; Najiba نجیبه; Najm نجم; Najma نجمه;
    Nargis نرگس; Naser ناصر; Nasiba نصیبه; Nasim نسیم; Nasima نسیمه; Nasir نصیر; Nasira نصیره;
    Nasr نصر; Nasrin نسرین; Navid نوید; Nawab نواب; Nawaz نواز; Nawruz نوروز; Naz ناز;
    Nazanin نازنین; Nazar نظر; Nazari نظری; Nazer ناظر; Nazifa نظیفه; Nazir نظیر نذیر;
    Nazira نظیره; Nek نیک; Nemat نعمت; Nematullah نعمتالله; Niaz نیاز; Nilab نیلاب;
    Nilufar نیلوفر; Nizam نظام; Noor نور; Noori نوری; Noorullah نورالله; Nuria نوریه; Obaid عبید;
    Omar عمر; Omid امید; Osman عثمان; Palwasha پلوشه; Pari پری; Parisa پریسا; Parwana پروانه;
    Parwez پرویز; Parwin پروین; Payman پیمان; Pir پیر; Qadeer قدیر; Qaderi قادری; Qadir قادر;
    Qahar قهار; Qamar قمر; Qari قاری; Qasem قاسم; Qasima قاسمه; Qayum قیوم; Qudrat قدرت;
    Qudsia قدسیه; Qurban قربان; Rabbani ربانی; Rabia رابعه; Rafat رفعت; Rafi رفیع; Rafiq رفیق;
    Rahela راحله; Rahim رحیم; Rahima رحیمه; Rahimi رحیمی; Rahman رحمان رحمن; Rahmani رحمانی;
    Rahmat رحمت; Rahmatullah رحمتالله; Rajab رجب; Ramazan رمضان; Ramin رامین; Rashad رشاد;
    Rashed راشد; Rashid رشید; Rashida رشیده; Rasul رسول; Rauf رؤف رووف رؤوف رئوف; Rawshan روشن;
    Rawshanak روشنک; Razaq رزاق; Razia رضیه راضیه; Reza رضا; Rezai رضایی; Robina روبینا;
    Romal رومل; Roqia رقیه; Roshan روشان; Roya رویا; Ruh روح; Ruhullah روح‌الله; Rukh رخ;
    Rukhshana رخشانه; Rustam رستم; Saad سعد; Saadat سعادت; Sabera صابره; Sabir صابر; Sabur صبور;
    Sadaf صدف; Sadat سادات; Sadiq صادق; Sadr صدر; Saeed سعید; Saeeda سعیده; Safar صفر; Safi صفی;
    Safia صفیه; Sahar سحر; Sahel ساحل; Sahib صاحب; Saif سیف; Sajida ساجده; Sajjad سجاد; Sakhi سخی;
    Sakina سکینه; Salah صلاح; Salahuddin صلاح‌الدین; Salam سلام; Saleh صالح; Saleha صالحه;
    Salem سالم; Salim سلیم; Salima سلیمه; Salma سلما سلمی; Salman سلمان; Samad صمد; Saman سمن;
    Sami سمیع; Samir سمیر; Samira سمیرا; Sana ثنا ثناء; Sanam صنم; Sanawbar صنوبر; Sanaz ساناز;
    Sara ساره سارا; Sardar سردار; Sarwar سرور; Sattar ستار; Sayed سید; Setara ستاره;
    Shabana شبانه; Shabnam شبنم; Shadi شادی; Shafi شفیع; Shafiq شفیق; Shafiqa شفیقه; Shah شاه;
    Shahab شهاب; Shahid شاهد شهید; Shahida شاهده; Shahin شاهین; Shahir شهیر; Shahla شهلا;
    Shahnaz شهناز; Shahram شهرام; Shahrukh شاهرخ; Shahzad شهزاد; Shaikh شیخ; Shaiq شایق;
    Shaista شایسته; Shakib شکیب; Shakila شکیلا شکیله; Shakir شاکر; Shams شمس; Sharaf شرف;
    Sharif شریف; Sharifa شریفه; Sharifi شریفی; Shekeba شکیبا; Sher شیر; Shirin شیرین; Shoaib شعیب;
    Shogufa شگوفه; Shuja شجاع; Shukria شکریه; Shukur شکور; Sidiq صدیق; Sima سیما; Simin سیمین;
    Siyawush سیاوش; Soghra صغری; Sohrab سهراب; Sonia سونیا; Spozhmai سپوږمی; Subhan سبحان;
    Sufi صوفی; Suhail سهیل; Suhaila سهیلا; Sulaiman سلیمان; Sultan سلطان; Sultani سلطانی;
    Suraya ثریا; Taher طاهر; Tahira طاهره; Tahmina تهمینه; Taimur تیمور; Taj تاج; Tamana تمنا;
    Tamim تمیم; Taqi تقی; Tariq طارق; Tawab تواب; Tawfiq توفیق; Tayeb طیب; Tayeba طیبه;
    Torpekai تورپیکی; Tuba طوبا; Turan توران; Turyalai توریالی; Uzair عزیر; Wafa وفا; Wahab وهاب;
    Wahed واحد; Wahid وحید; Wahida وحیده; Wais ویس; Wajiha وجیهه; Wakil وکیل; Wali ولی;
    Waris وارث; Wazhma وږمه; Wazir وزیر; Yahya یحیی; Yalda یلدا; Yama یما; Yaqub یعقوب; Yar یار;
    Yasamin یاسمین; Yaser یاسر; Yasin یاسین; Yunus یونس; Yusuf یوسف; Zabih ذبیح; Zada زاده;
    Zafar ظفر; Zaheer ظهیر; Zaher زاهر; Zahid زاهد; Zahida زاهده; Zahir ظاهر; Zahra زهرا;
    Zai زی زۍ زئی; Zainab زینب; Zakaria زکریا; Zaki زکی; Zakia زکیه; Zakir ذاکر; Zalmai زلمی;
    Zaman زمان; Zamir ضمیر; Zarghuna زرغونه; Zarin زرین; Zarina زرینه; Zarmina زرمینه; Zeba زیبا;
    Zia ضیا ضیاء; Zohra زهره; Zubaida زبیده; Zubair زبیر; Zuhal زحل; Sajed ساجد; Hisham هشام;
    Zulaikha زلیخا; Zulfiya زلفیه
"""


def _table() -> dict[str, str]:
    found = {}
    for entry in _NAMES.split(";"):
        said, *spellings = entry.split()
        found.update({normalise(spelling).replace(" ", ""): said for spelling in spellings})
    return found


# A word in Arabic script, normalised, to its Latin form.
KNOWN_NAMES = _table()
