"""The phrases that open a statement in German and Scandinavian reports, which put no stop between statements."""

from __future__ import annotations

import re

# Below, a line is a list of regular expressions separated by " | "; a space is one space.
_PLACE_DE = r"(?:hoch|antero|infero|postero|apiko)?-?(?:anterior|lateral|inferior|posterior|septal|apikal)"
_PLACE_SV = r"(?:hög )?(?:antero|infero|postero)?(?:anterior|lateral|inferior|posterior|septal)"

# Words that belong to the statement they stand before: "unvollständiger" in "unvollständiger rechtsschenkelblock".
_LEADING_DE = r"""
sonst | ansonsten | sonstiges | wahrscheinlich(?:er|es|e)? | möglicherweise(?= wpw) | verdacht auf | v\. ?a\.
sichere[rs]? | mögliche[rs]? | moegliche[rs]? | akute[rs]? | frische[rs]? | chron\. | chronische[rs]?
chronisch | alte[rs]? | linke[rs]? | rechte[rs]? | subakute[rs]?
extrem | normo(?:karde|frequente)[rs]? | (?:tachy|brady)karde[rs]? | interponierte | gehäufte | häufige | vereinzelte
einzelne | multi(?:forme|fokale)[rs]? | uniforme[rs]? | (?:mono|poly)morphe[rs]? | (?:un)?regelmässige[rs]?
beschleunigte[rs]? | wandernder | mässige[rs]? | leichte[rs]? | diskrete[rs]? | geringe[rs]? | deutliche[rs]?
ausgeprägte[rs]? | auffallende? | auffällige?[ns]? | grenzwertige[rs]? | unspezifische[rs]? | abnorm(?:al)?e[rs]?
abnorm(?= qrs) | unvollständige[rs]? | unvollst\. | (?:in)?komplette[rs]? | kompl\.? | vollst(?:ä|ae)ndige[rs]?
vollst\. | partielle[rs]? | (?:ue|ü)berdrehter | bifaszikulärer? | bifascikulärt | periphere
(?:supra|intra)?ventrikul(?:ä|ae)re[rs]? | (?:supra|intra)?ventr\. | schlechte[rs]? | fehlende[rs]?
verz(?:ö|oe)gerte[rs]? | verminderte[rs]? | mangelnde[rs]? | kleine[rs]? | reduzierte[rs]? | langsame | diffuse
eventuell | verz\.? | pr(?:ä|ae)terminale[rs]? | präterm\. | flache[rs]? | abgeflachte[rs]? | negative[rs]? | neg\.?
hohe[rs]? | spitze[rs]? | biphasische[rs]? | path\. | pathologische[rs]? | normales | schwierig bestimmbare | sign\.
signifikante[rs]? | frühe[rs]? | evtl\. | ev\. | tiefe[rs]? | breite[rs]? | keine? | wechselnde[rs]?
"""
_HEADS_DE = rf"""
sinus-?(?:rhythmus|tachykardie|bradykardie) | sinus-? ?arrhythmie | sinus(?:brady|tachy)arrhythmie
vorhof(?:flimmern|flattern)\S* | vorhoftachykardie | tachykardie | arrhythmie | extrasystolen?
(?:extra|ersatz)systole\(n\) | es(?= |$) | s?ves\b | (?:av-|av-knoten|knoten|kammer)rhythmus | rhythmus(?=, keine)
schrittmacher | schrittmacher ?-?ekg | schrittmacherrhythmus | lagetyp(?: normal)?
(?:links|rechts|steil|mittel|seiten|indifferenz|normal)-?(?:lage)? ?typ | steillage | (?:li|re)\.? typ | [lmsrü]lt
stlt | qrs-achse | p-sinistro\S+ | p-dextro\S+ | p-(?:bi)?cardiale | p-verbreiterung | vorhofs?(?:über|ueber)\S+
wpw\S* | pq-?\s?(?:zeit|verlängerung)\S* | (?:a-v|av)-? ?block | niederspannung(?:s-ekg)? | low voltage | niedervoltage
(?:rechts|links)?schenkelblock | (?:links[ -]?|rechts[ -]?)?(?:(?:anterior|posterior)er |ant\. ?|post\. ?)?hemiblock
(?:links|rechts) (?:anteriorer |posteriorer |ant\. ?)?(?:hemi|schenkel)block | (?:lah|lahb|lphb|rsb|lsb)(?=[ ,.]|$)
leitungsst(?:ö|oe)rung(?:en)? | kammerhypertrophie(?: lvh| rvh)? | amplitudenkriterien
(?:links|rechts)(?:herz|kammer)?hypertrophie | lvh | rvh | qrs\(t\) | r-s übergang | r/s umschlag | übergangszone
(?:r-? ?progression) | r-(?:verlust|reduktion) | q(?= (?:in|ii)\b) | q-zacken?
(?:{_PLACE_DE}er ){{1,4}}(?:infarkt|myokardschaden|innenschichtsschaden) | (?:septal|apikal)er infarkt
infarkt(?= (?:ant|inf|sept|lat|hint|vord|post)) | {_PLACE_DE}er,? chronischer infarkt | {_PLACE_DE}e ischämie | st & t
st(?= abnorm) | t(?= (?:abnorm|in |neg|flach|abgeflacht|biphas|hoch|überh|spitz|präterm|vergr|fehlend|term))
st-? ?(?:senkung|hebung|strecke)\S* | t-? ?(?:ver(?:ä|ae)nderung|negativierung|abflachung)\S*
qt-? ?(?:verlängerung|zeit) | u-wellen? | (?:repolarisation|erregungsrückbildung)\S* | digitalisver\S+
(?:hinweise?|anhalt|zeichen)(?= (?:f(?:ü|ue)r|auf|einer?))
ekg(?= (?:normal|path|wahrscheinlich|grenz)) | grenzbefund | pathologisch(?=$) | pacemaker\S* | schenkelblock
"""
# Heads so short that only a leading word before them makes an opening: "flache t", "normales ekg".
_SHORT_HEADS_DE = r"t | ekg | p | r | q | block | befund"

_LEADING_SV = r"""
ev\. | evt\. | möjlig | trolig | misstänkt | sannolik | inkompl\. | diskret | lätt
"""
# Swedish, with the few Danish and Norwegian ones that differ.
_OPENINGS_SV = rf"""
sinus(?:rytm|arytmi|bradykardi|tachykardi|takykardi)
(?:supra)?ventrikulär(?:t|a|\(a\)) (?:extraslag|extrasystoli\(er\)|escape beat\(s\)) | bifascikulärt block
regelbunden rytm | slag med avvikande | förmaks(?:flimmer|fladder)\S* | (?:extrem |måttlig )?(?:vänster|höger) el-axel
(?:svårbestämbar|horisontalställd|vertikalställd|normal) el-axel | bröstavledningarnas | låga qrs
(?:misstänkt |möjlig )?(?:vänster|höger) kammark?hypertrofi | misstänkt hypertrofi | måttliga amplitudkrit\.
amplitudkrit\. | avvikande qrs\(t\) | (?:ospecifikt )?(?:inkomplett )?(?:(?:vänster|höger)sidigt )?skänkelblock
vänster \S+ hemiblock | (?:gammal )?{_PLACE_SV} (?:infarkt|myokardskada|myokardaffektion|ischemi)
(?:ospecifik |uttalad )?(?:st-t|st|t)[- ](?:sänkning|höjning|förändring)\w* | överväg wpw | flacka t
(?:patologisk|liten|låg|djup|bred)a? [pqrt]-våg\w* | (?:t-inversion|t-negativisering|lågvoltage)\w*
(?:inga|ingen) (?:säkra |säker )?(?:tecken|hållpunkter|st-t|ischemi|iskemi)\w* | (?:enstaka|täta) (?:sves|ves|extraslag)
pacemaker(?:rytm|slag|ekg) | (?:vänster|höger)(?:sidigt )?grenblock
sinusrytme | (?:atrie|forkammer)(?:flimmer|flimren)
(?:venstre|høyre|højre)sidig(?:t)? (?:gren|skenkel)blokk? | (?:venstre|høyre|højre) (?:grenblokk?|aksedeviasjon)
(?:p|pq|qt) förlängd | (?:eljest |i övrigt |sannolikt )?normalt ekg | patologiskt ekg
"""
_DEGREE_EN = r"(?:(?:possible|probable|borderline|mild|moderate|marked|extreme|abnormal) )?"
_OPENINGS_EN = rf"""
otherwise normal | left (?:anterior|posterior) fascicular block(?= otherwise|$)
{_DEGREE_EN}(?:left|right) axis deviation(?= left| right| otherwise|$)
"""

# Statements that are whole: what stands behind them is another one, known or not, unless its first word goes on.
_WHOLE_DE = r"lagetyp normal | sinusrhythmus | linkstyp | rechtstyp | sinusrytm | el-axel"
_WHOLE_EN = r"sinus rhythm | sinus tachycardia | sinus bradycardia"
_GOING_ON = r"""
mit | und | bei | (?:über|ueber)dreht | links | rechts | in | v\d\S* | i+,\S* | als | noch | sonst | oder | jetzt
gering\S* | mässig | extrem | am | im | with | and | at | or | is | rate | now | has | as | but | to | of | present
throughout | by | med | och | som | såsom | i | possible | probable
not | absent | missing | nicht | fehl(?:t|en|end) | ej | inte | saknas
"""

# Words that bind the statement behind them to the one before: "linksbelastung bei linkshypertrophie" is one statement.
_BINDING = r"""
ev\. | evt\. | resp\. | kammerhypertrophie,?
auf | bei | mit | und | u\. | oder | für | in | im | kein | keine | ohne | nach | von | zu | zum | zur | der | die
das | des | über | ueber | durch | als | am | ca\. | bzw\. | teilweise | wahrscheinlich | möglicherweise | neuer
(?<!es )(?<!path\. )ekg | wegen | jetzt | unter | ist | noch | nicht | evtl\. | eher | abnorm(?:al)?, | vid | av
eller | och | i övrigt | med | inga | ej | för | and | or | with | of | no | not | the | an? | is | to | possible
probable | complete | incomplete | \S*[-/=+&:]
"""
# A negation binds what it denies, also across the words that say how surely it does: "kein eindeutiges", "ej säkert".
_NEGATIONS = r"""
kein(?:e[nmrs]?)? | nicht | nie | niemals | weder | noch nie | ohne | ausschluss | ingen | inget | inga | inte | ej
aldrig | utan | no | not | never | without | cannot | nor | neither | exclude | rule out
"""
_SURELY = r"""
mehr | sicher\w* | eindeutig\w* | wesentlich\w* | relevant\w* | signifikant\w* | nachweisbar\w* | wirklich\w* | sehr
längere?\w* | säk\w+ | säker | tydlig\w* | längre | definite | definitive | clear | obvious | significant | longer | any
"""

# A full stop behind these ends no statement, unless the report ends with it.
_ABBREVIATIONS = r"""
intraventr | supraventr | ventr | unbest | indiff | mögl | moegl | path | pathol | chron | ant | post | inf | lat | sept
neg | pos | vollst | unvollst | inkompl | incompl | incomp | kompl | compl | sign | fragl | biphas
ca | bzw | evtl | ev | evt
vgl | ggf | inkl | incl | excl | zt | asz | desz | abgefl | präterm | amplitudkrit | approx | wahrsch | verz | tgl | vs
resp | anterolat | inferolat | anterosept | posterolat | li | re | bds | sog
max | min(?<!/min) | pat | geringgr | hochgr
unspez | uspes | ospec | sannol | susp | misst | tidl | förl | vä | hö | frekv | jfr | jmf | poss | prob | undet | indet
assoc | cf | dr | nr | st\.n | z\.n | z\.b | z\.t | u\.a(?= \w) | v\.a | d\.h | dh | s\.o | i\.s | o\.g | e\.g | i\.e
t\.ex | s\.k | p\.g\.a | bl\.a | d\.v\.s | f\.n | m\.fl | p\.r | q\.t | s\.t | a\.v | r/o | (?<!\S)[vzud]
"""


def _one_of(phrases: str) -> str:
    """A regular expression for any of the phrases."""
    return "(?:" + "|".join(phrase for line in phrases.strip().splitlines() for phrase in line.split(" | ")) + ")"


def _behind(wholes: str) -> str:
    """A word behind one of the whole statements, unless it goes on with it."""
    behind = "|".join(f"(?<=\\b{whole} )" for whole in wholes.split(" | "))
    return rf"(?:{behind})(?!{_one_of(_GOING_ON)}(?!\S))[a-zäöüåæø][^\s]*"


_BEFORE = _one_of(_LEADING_DE) + " "
_KNOWN_DE = (
    rf"(?:{_BEFORE}){{0,4}}{_one_of(_HEADS_DE)}|(?:{_BEFORE}){{1,4}}{_one_of(_SHORT_HEADS_DE)}"
    rf"|(?:{_one_of(_LEADING_SV)} ){{0,2}}{_one_of(_OPENINGS_SV)}"
)

# Where a statement starts, in a report that is not English, and in one that is.
OPENING = re.compile(rf"(?<!\S)(?:(?:{_KNOWN_DE})(?![\w-])|{_behind(_WHOLE_DE)})")
OPENING_EN = re.compile(rf"(?<!\S)(?:{_one_of(_OPENINGS_EN)}(?![\w-])|{_behind(_WHOLE_EN)})")

# The end of a text that binds the statement behind it.
BINDING = re.compile(rf"(?:^|\s)(?:{_one_of(_BINDING)}|{_one_of(_NEGATIONS)}(?: {_one_of(_SURELY)}){{0,2}})\s*$")
# A word that ends as adjectives do; where it is alone, it belongs to the statement behind it: "verkürzte pq-zeit".
ADJECTIVE = re.compile(r"[a-zäöüåß]{3,}(?:(?<!i)e[rsn]?|(?<!i)a|[bgmt]t)")
ABBREVIATION = re.compile(rf"(?<!\w){_one_of(_ABBREVIATIONS)}$")
