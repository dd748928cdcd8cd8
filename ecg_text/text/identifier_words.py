"""Words that follow "patient", "signed by" and their like without being a name: ordinary and clinical vocabulary."""

from __future__ import annotations

import re

_ENGLISH = """
a an the and or but of to in on at by for from with without within under over about after before during since until
into onto upon than then that this these those which who whom whose what when where why how if as so not no nor never
also again still only just very more most less least much many few some any all each both either neither other another
one two three four five first second third last next previous new old own same such
is are was were be been being am has have had having do does did done can could may might must shall should will would
he she it they we you i his her hers its their our your my him them us me himself herself
reports complains presents presented denies states stated came went gets got takes took needs needed appears appeared
seems seemed shows showed shown remains remained suffers suffered died lives lived woke fell felt feels wants wanted
known unknown normal abnormal stable unstable acute chronic severe mild moderate recent remote possible probable likely
unlikely male female man woman boy girl child adult infant elderly young middle aged age ages year years month months
week weeks day days hour hours minute minutes today yesterday tomorrow morning evening night time times date dates
id ids name names number numbers no nr data record records file files history information info details summary list
group groups cohort population sample study trial visit visits care center centre room ward bed unit department dept
hospital clinic clinical practice office service services team staff nurse nurses doctor doctors physician physicians
surgeon cardiologist cardiology consultant resident technician operator referring attending ordering reading
interpretation report reports reported reviewed confirmed unconfirmed signed verified requested request only trace
ecg ekg eeg emg echo ct mri mr lab labs test tests exam examination monitor monitoring holter rest resting exercise
stress lead leads limb chest pain dizziness syncope palpitations dyspnea dyspnoea fever cough nausea symptoms symptom
sign signs heart blood pressure rate rhythm sinus bundle branch block axis wave waves segment segments interval qt qtc
qrs pr st t p r s q left right anterior inferior lateral posterior septal high low early late old voltage changes change
treatment therapy medication medications drug drugs dose doses device pacemaker icd pacing paced artifact artefact
noise quality position positioned supine lying sitting standing moved moving movement motion tremor cooperative
computer machine automatic automated algorithm software version system default anonymous anonymized anonymised redacted
removed none null na nan nil empty blank missing unspecified undefined
mrn dob ssn nhs tel fax born seen sex gender address ref geb geboren geburtsdatum född fallnummer personnummer
patient patients pt pts subject subjects person persons people mother father wife husband son daughter brother sister
risk increased verging considered further follow followup up down out off discharge discharged admitted admission
alive dead well ill sick asymptomatic symptomatic hypertensive diabetic smoker obese pregnant intubated sedated
per via his non post pre status type class grade stage level score value values mean median total count see seen
angiography catheterisation catheterization electronically hand phone fax mail email letter telephone
index label labels split train val test table column row key path model method encoder token text field string
privacy consent safety outcome outcomes reported-outcome characteristics demographics identifier identifiers
education portal journey representative advocate transfer transport flow load throughput satisfaction experience
"""
_GERMAN = """
der die das den dem des ein eine einer eines einem einen und oder aber mit ohne bei von vom zu zum zur in im an am auf
aus nach vor seit bis für fuer durch über ueber unter um als wie nicht kein keine keiner nur auch noch schon sehr sich
ist sind war waren wird werden wurde wurden hat haben hatte hatten kann können koennen konnte soll sollte muss musste
darf mag möchte gibt klagt berichtet kommt kam geht ging steht liegt lag nimmt nahm leidet litt stellt stellte zeigt
zeigte erhält erhielt bekommt bekam verstarb lebt weiblich männlich maennlich alter alt jahre jahr jährig jaehrig monate
tage heute gestern bekannt bekannte bekannter unbekannt unbekannte unauffällig unauffaellig akut chronisch
name nummer daten datum zeit bericht befund befunde anamnese angaben akte fall fälle gruppe ruhe belastung ruhig liegend
sitzend stehend schmerz schmerzen beschwerden beschwerdefrei symptome schwindel atemnot herz blutdruck puls frequenz
rhythmus links rechts linker rechter linken rechten oben unten vorne hinten neu neue alte unbestätigt bestätigt
arzt ärztin klinik krankenhaus station ambulanz praxis abteilung zentrum oberarzt assistenzarzt kollege kollegin
patient patientin patienten patientinnen proband probandin herr herrn frau schrittmacher gerät medikament medikamente
therapie unter vorhanden siehe zustand verlauf kontrolle vergleich auswertung automatisch ekg arm bein wach schläft
"""
_SWEDISH = """
och eller men med utan på av för från till vid i om som den det de en ett är var har hade kan kunde ska skall skulle
bör måste får fick inte ej ingen inga inget också bara mycket nu då när efter före sedan under över
man kvinna ålder gammal år månader dagar idag igår känd okänd normal normalt akut kronisk namn nummer datum tid svar
remiss bedömning smärta bröstsmärta yrsel andnöd hjärta blodtryck puls frekvens rytm vänster höger gammalt nytt
läkare sjuksköterska avdelning mottagning sjukhus klinik patient patienten patienter söker uppger mår kommer vårdas
behandlas behandling uppgift uppgifter saknas pacemaker undersökning arbetsprov vila liggande
jämfört jfr jmf se sannolikt möjlig
"""
COMMON_WORDS = frozenset((_ENGLISH + _GERMAN + _SWEDISH).split())

# Parts of words that belong to medicine, not to families.
_CLINICAL = re.compile(
    r"""(?:rhythm|rytm|arr?yth?m|tachy|takyk|brady|k?cardi|kardi|myok|flimm|flatt|fibrill|systol|ventri|atri[aeu]|vorhof
        |schenkel|skänkel|infar[kc]t|isch[äa]e?m|hypertro|hypertens|hyperton|hypoton|insuff|stenos|syndrom|schmerz|smärt
        |pathi|pathy|ektomi|ectomy|graphi|graphy|grafi|gramm?s?$|[a-z]{3,}(?:itis|ose|osis|emia|aemia|ämie|ämi)$
        |ologi|ology|therap|plasi|trophi|trophy|block$|[a-z]{4,}(?:ungs?|ungen|heit|keit|tion|tionen|sion|ität|ments?)$
        |olol$|april$|pril$|sartan|statin|parin$|xaban|dipine?$|mycin|cillin|digox|digit|amiod|aspirin|warfarin|kumar
        |insulin|nitro|verapam|flecain|diuret|betabl)""",
    re.IGNORECASE | re.VERBOSE,
)
# Ends of English, German and Swedish verbs and adjectives in lower case; a capital or a second word may overrule them.
_ORDINARY_END = re.compile(r"(?:[a-z]{3,}ed|[a-z]{3,}ing|ly|ous|ful|less|able|ible|tic|ical|lich|isch|iert|ande)$")
_LONGEST_WORD = 64  # letters from its end on; the search takes the square of their number


def is_common(word: str) -> bool:
    """Whether a word is ordinary or clinical vocabulary, in whichever case it is written."""
    word = word.strip(".'’-").casefold()
    return word in COMMON_WORDS or _CLINICAL.search(word[-_LONGEST_WORD:]) is not None


def is_ordinary(word: str) -> bool:
    """Whether a word written in lower case is more likely a verb or an adjective than a name."""
    return is_common(word) or _ORDINARY_END.search(word[-_LONGEST_WORD:]) is not None
