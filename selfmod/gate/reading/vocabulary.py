# ruff: noqa: E501, RUF001 - Cyrillic letters are those of Russian; a neighbour is one line
"""Words by which a language is known. What is English is most often without small words, so more of it is here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Of each language that the rules have phrases for: what no sentence does without, and what technical texts are made of.
WORDS: Final[Mapping[str, str]] = {
    "English": """
the an and or of to in on at by for with from as is are was were be been being it its this that these those there
here not no nor but if then else when while where which who whose what how why than so such only also both each
every any all some more most other another one two three four five six seven eight nine ten first last next same own
can cannot could may might must shall should will would do does did done has have had having into onto over under
between before after about above below up down out off through during without within until since because per via too
very just even still again once he she they them their his her we our you your my me us like unlike instead
otherwise twice never always often less least many much few half none nothing anything something everything nobody
against among along across around away back beside behind beyond near outside inside except despite though although
yet already either neither whether upon toward together apart ago now later soon today well return returned give
given get take taken make made set use used using show shown call called need needed want keep kept come go goes
find found read write written say said tell see let put run turn begin end start stop stay stand hold leave left
right add remove change count sort split join check raise refuse ask answer try tries work mean follow compare
convert compute parse format print round draw match matches skip drop fill cut store load save open close closed fit
move pick choose test fail allow ignore accept support contain include become happen number text value list line
word name file result error function key table row column date day week month year time hour minute second sum total
size length string letter sign digit integer float decimal fraction percent amount unit step part piece item element
entry entries field record group type kind class object method module plugin command tool argument parameter option
default example case input output code data order index position place point range limit rate level width height
distance weight price cost money currency account title header head body page section note message comment question
path folder directory user person people server client request response network address host version state status
mode rule pattern character space blank bit byte hash token tree node edge graph matrix vector board cell square
game player card color colour image shape angle area box calendar clock zone world way thing reason form side top
bottom middle beginning rest difference median language english detail source license import content model context
attribute base extra self standard build represent process original handle specific func send property usage access
reference copy provide behavior behaviour interface system block itself subclass style custom tuple filename unless
equivalent alternative present library metadata exist ensure guide control require built timeout avoid target query
necessary update replace stream actual determine array complete boolean constructor appropriate main various multi
final audio perform arbitrary parent specify sent config define produce explicit platform generic unicode safe
future initialize enable live pair wrap thread info real attempt terminal decorator loop iterator signature abstract
logic global active initial private literal delete shell structure sure learn execute entire whitespace bound modify
thus cause clear issue program memory console individual union codec override validate effect yield appear resolve
indicate look escape complex generate exit traceback callback receive child reset refer fixed install scope builtin
core resource append performance failure insert relevant algorithm detect static depend comparison wait subsequent
flag fallback component know script extract assume temporary backward forward able socket mark prevent retrieve
frame utility iterate convenience template important auto recent force schema continue analysis null external
release tag transform scalar map offset select domain lookup strategy remote compile expect keyword native calculate
children occur feature direct boundary assert partial verify scheme constant reverse precedence fetch async decode
encode track late latest evaluate proxy role summary identical label symbol pretty subset inherit automatic combine
merge successful fast ready indices recursive debug normalize expand strict preserve grammar manage collect inline
numeric correspond enough assign configure progress concrete purpose dependency highlight inspect port hard invoke
disk break behave semantic sometimes minimal software dynamic decide prior security cross implicit term coverage
mechanism omit equality severity translate describe choice archive exclude timestamp strip pure seen reduce meant
password canonical affect chunk layout inner outer history consistent treat vary intermediate extend consist
priority transport interactive wish chosen enter bind hierarchy approach identify depth clean themselves almost easy
duplicate signal idea sense push infinite success catch hook serialize trace slow problem independent major
probability deal warn primary incremental effort obtain improve database lowercase uppercase variant subject linear
identity markup prepare constraint branch fact cancel axis attach fewer await search slice distinct remain visit
cast charset alternate restore maybe math hand scan consecutive respond service switch engine approximate satisfy
figure commit occurrence char repeat safety author parallel finish origin overflow hide hidden enum pool device
registry notice dispatch walk display divide lead predicate arithmetic quite compact span expensive adjust careful
region inclusive exclusive precise analyze typical concurrent minor help increase decrease incorrect redirect
overlap grapheme broken mask fresh expire idle bare enforce export guess numerical guarantee lazy vertical
horizontal basis project infinity period routine cover new old empty large larger largest small smaller smallest
long longer short shorter high higher low lower great little different equal exact exactly whole single double
several possible valid invalid missing known unknown true false good bad better best wrong correct plain simple full
free common general special certain similar negative positive zero left-over upper insensitive sensitive stable
sorted unique ascending descending readable human current previous create created event button window font instance
widget view cache basic action delay dialog mouse keyboard background foreground sample random statistics average
minimum maximum variable alias policy package log link menu cursor screen product customer invoice stock bank book
city country mail phone school water food recipe music song film photo room house car train road plan task job team
report score grade bill tax share loan interest payment speed temperature pressure energy mass power volume density
formula equation polynomial prime factor root sequence series interval segment cycle chain queue stack heap route
neighbour separator comma colon dot dash hyphen underscore quote bracket parenthesis newline indent vowel consonant
syllable sentence paragraph alphabet cipher checksum prefix suffix substring regular expression operator operand
dictionary syntax monday tuesday wednesday thursday friday saturday sunday january february march april june july
august september october november december red green blue black white yellow north south east west following
optional required absolute relative binary usual ordinary local internal
""",
    "German": """
der die das den dem des ein eine einen einem einer eines und oder aber nicht kein keine keinen ist sind war waren
wird werden wurde wurden sein hat haben kann können muss müssen soll sollen darf dürfen es er sie wir ihr man sich
mit von vom zu zum zur in im an am auf aus bei beim nach vor für über unter durch gegen ohne um bis seit als wie
wenn falls dass ob auch nur noch schon so dann mehr sehr alle alles jede jeder jedes jeden diese dieser dieses
diesen welche welcher was wer wo hier dort bitte zwischen sowie damit dazu davon dabei sonst immer nie zwei drei
erste ersten andere anderen gibt zeigt zählt liefert wert werte zahl zahlen wörter zeile zeilen datei text texte
liste du ich dich dir ihn ihm ihnen uns euch mein meine dein deine seine seiner ihre ihren ihrer unsere bevor
nachdem während wobei indem daher daran darin darauf darüber dafür deshalb jedoch außer statt stattdessen entweder
selbst sollte sollten könnte möchte wollen will lassen bereits zusammen direkt allen einige einigen mehrere folgende
folgenden gleiche gleichen nun etwas ende anzahl zeichen name namen fehler beispiel befehl befehle ausgabe eingabe
datum tag tage feld spalte spalten schritt teil leer ganze ganzen
""",
    "French": """
le la les un une des du de au aux et ou mais ne pas ni que qui quoi dont où est sont était être été sera ont avoir
avec sans sous sur dans par pour en ce cet cette ces il elle ils elles on nous vous je tu se son sa ses leur leurs
mon ma mes votre vos notre plus moins très si comme quand lorsque aussi tout tous toute toutes chaque autre autres
même entre avant après depuis vers chez donc alors ici deux trois premier première peut doit fait faut lui non oui
cela ceci ainsi afin selon aucun aucune me te avez avons seront peuvent doivent puis soit fois plusieurs quelques
ceux celui celle toujours jamais bien mieux peu près rien jusque lors sauf dès voici voilà ligne lignes mot mots
texte nombre nombres valeur valeurs liste fichier date jour exemple nom erreur commande caractère caractères
suivante suivant suivantes vide affiche donne compte renvoie utilise
""",
    "Spanish": """
el la los las un una unos unas de del al y o pero no ni que quien cual cuyo donde es son era ser sido fue está están
hay ha han con sin sobre en por para desde hasta entre según este esta estos estas ese esa esos eso esto se su sus
lo le les nos mi tu si como cuando más menos muy también todo todos toda todas cada otro otra otros otras mismo
misma antes después ya sólo solo dos tres primer primera puede debe hace tiene usted tú yo ella ellos ellas algo
alguien algún alguna algunos algunas nada nunca siempre aquí ahora luego así vez veces bajo dentro fuera mediante
sea sean esté pueden deben hacer tal cualquier ninguna ningún mejor bien línea líneas palabra palabras texto número
números valor valores lista fichero archivo fecha día ejemplo nombre error errores cuenta muestra devuelve usa
siguiente vacío
""",
    "Portuguese": """
os as um uma uns umas de do da dos das em no na nos nas ao aos à às e ou mas não nem que quem qual cujo onde é são
era ser sido foi está estão há com sem sobre por pelo pela para desde até entre este esta estes estas esse essa isso
isto se seu sua seus suas lhe ele ela eles elas como quando mais menos muito também todo todos toda todas cada outro
outra outros outras mesmo antes depois já só dois três primeiro primeira pode deve faz tem você vocês eu nós algo
alguém algum alguma alguns algumas nada nunca sempre aqui agora então assim vez vezes dentro fora deste desta neste
nesta nesse desse seja sejam podem devem fazer tal qualquer nenhum nenhuma bem linha linhas palavra palavras texto
número números valor valores lista arquivo ficheiro data dia exemplo nome erro erros conta mostra devolve usa
seguinte vazio comando
""",
    "Italian": """
il lo la gli le un uno una di del dello della dei degli delle da dal dalla in nel nello nella nei nelle con su sul
sulla sui per tra fra al alla ai alle ed ma non né che chi cui quale dove è sono era essere stato stata ha hanno
questo questa questi queste quello quella si suo sua suoi loro lui lei noi voi io come quando se più meno molto
anche tutto tutti tutta tutte ogni altro altra altri altre stesso prima dopo già solo due tre primo può deve viene
vengono tu hai abbiamo avere aver sia sarà possono devono fare fa ecco qui qua mai sempre ancora ora poi così bene
meglio niente nulla qualcosa qualcuno qualsiasi alcuni alcune sotto sopra dentro fuori senza fino mentre invece
oppure finché sull nell dell all riga righe parola parole testo numero numeri valore valori elenco lista file data
giorno esempio nome errore errori conta mostra usa
""",
    "Russian": """
в и на с со не ни но а о об по за из от до для при без под над между через это этот эта эти того тот что чтобы как
так если когда где кто или уже ещё только также все всё весь каждый другой другие он она оно они мы вы ты его её их
был была было были быть будет есть нет может можно нужно надо должен после перед более менее очень же ли бы то тоже
который которая которые которых одно один два три первый слова текста число строки возвращает показывает я вам вас
нам нас ему ей им них неё себя свой свои своего своей него вами этом этой этого этих тем чем чего кому ком том такой
такие какой какие которую которым другого других всех всем всего несколько много мало лишь однако поэтому потому
хотя здесь там теперь потом всегда никогда иначе вместо около кроме могут должны должно имеет является используется
случае слово слов строка строке строку файл файла файлов числа чисел значение значения список имя дата день дней
пример ошибка ошибки команда команды команду символ символы символов текст
""",
}
# How words end that no table can hold all of, without marks.
ENDINGS: Final[Mapping[str, str]] = {
    "English": r"[a-z]{3,}(?:ings?|tions?|sions?|ly|ness|less|able|ible|ments?)|[a-z]{4,}(?:ed|ers?|ies)",
    "German": r"[a-z]{3,}(?:ung|ungen|heit|keit|lich|liche[nrs]?|ieren|iert|ierte[nrs]?|schaft)",
    "French": r"[a-z]{3,}(?:tions?|ments?|aient|ateurs?|iques?|ez|eurs?)",
    "Spanish": r"[a-z]{3,}(?:cion|ciones|mente|ando|iendo|idad|idades)",
    "Portuguese": r"[a-z]{3,}(?:cao|coes|mente|ando|endo|idade|idades)",
    "Italian": r"[a-z]{3,}(?:zione|zioni|mente|mento|menti|ando|endo|ita)",
    "Russian": r"[а-я]{2,}(?:ать|ять|еть|ить|ого|его|ему|ому|ыми|ими|ых|их|ые|ение|ения|ании|ание|ания|ается|уется|аите|ите|ует|ает|яет|ость|ости|ая|ую|ыи|ои)",
}
# Languages that share small words with one of those and are none of them.
NEIGHBOURS: Final[Mapping[str, str]] = {
    "Dutch": "de het een en van in is dat die niet met op te aan voor zijn er wordt worden door naar om als ook bij uit kan of deze dit maar dan over alle geen wel moet zonder wie wat je hij zij goed nog",
    "Scandinavian": "og och att at det den som er är en et ett for för til till på av med ikke inte är de i kan om eller fra från har vil ska skal denne dette detta der han hun vi du men ut ved alle alla",
    "Catalan": "el la els les de del dels i o amb per que és són un una en no al als aquest aquesta aquests com si més però també ha han ser tot tots cada sense fins perquè ara",
    "Romanian": "și si sau de la în in cu pe din pentru este sunt nu un o care ce că ca mai fi fost acest această aceste dacă cel cea cele prin după fără când tot toate dar lui le se va",
    "Latin": "et in est non ad cum ex ab sed ut si qui quae quod hoc hic haec sunt esse nec neque per de pro sine sub super atque aut autem enim etiam omnia omnes omnium nunc iam tibi te se nihil quam",
    "Polish": "nie na się do jest że to od ze lub oraz przez dla po jak co tym ten ta te tego być są by aby który która które już tylko bez przed pod nad wszystkie wszystko należy można",
    "Czech": "je se na do ze za pro od po že to ten ta tento tato toto jako nebo ale by aby jsou být není který která které už jen bez před pod nad všechny vše ne si až tak co jak",
    "Ukrainian": "і та в у на з із не що як для до це цей ця ці або якщо від за при про без під між є був була було бути він вона вони ми ви його її їх всі все також вже тільки може",
    "Bulgarian": "и на да се в за с със от е са не по като това този тази тези ще или ако до при без под към който която което които всички вече само може трябва бъде беше ви го",
}
