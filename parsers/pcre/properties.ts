import { PCRE2, type PcreRelease } from './release.ts'

/** General categories, of both generations. */
const CATEGORIES =
  'C Cc Cf Cn Co Cs L L& Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs'
/** PCRE's own. */
const OWN = 'Any Xan Xps Xsp Xuc Xwd'

/** Scripts as Unicode 7 names them, which PCRE1 knows. */
const SCRIPTS_OF_PCRE1 =
  'Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham Cherokee Common Coptic Cuneiform Cypriot Cyrillic Deseret Devanagari Duployan Egyptian_Hieroglyphs Elbasan Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati Gurmukhi Han Hangul Hanunoo Hebrew Hiragana Imperial_Aramaic Inherited Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada Katakana Kayah_Li Kharoshthi Khmer Khojki Khudawadi Lao Latin Lepcha Limbu Linear_A Linear_B Lisu Lycian Lydian Mahajani Malayalam Mandaic Manichaean Meetei_Mayek Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Myanmar Nabataean New_Tai_Lue Nko Ogham Ol_Chiki Old_Italic Old_North_Arabian Old_Permic Old_Persian Old_South_Arabian Old_Turkic Oriya Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan Saurashtra Sharada Shavian Siddham Sinhala Sora_Sompeng Sundanese Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Telugu Thaana Thai Tibetan Tifinagh Tirhuta Ugaritic Vai Warang_Citi Yi'

/** Scripts of Unicode as PCRE2 lists them, each with its four letters; those behind the bar came with 10.43. */
const SCRIPTS =
  'adlam:adlm ahom:ahom anatolianhieroglyphs:hluw arabic:arab armenian:armn avestan:avst balinese:bali bamum:bamu bassavah:bass batak:batk bengali:beng bhaiksuki:bhks bopomofo:bopo brahmi:brah braille:brai buginese:bugi buhid:buhd canadianaboriginal:cans carian:cari caucasianalbanian:aghb chakma:cakm cham:cham cherokee:cher chorasmian:chrs common:zyyy coptic:copt coptic:qaac cuneiform:xsux cypriot:cprt cyprominoan:cpmn cyrillic:cyrl deseret:dsrt devanagari:deva divesakuru:diak dogra:dogr duployan:dupl egyptianhieroglyphs:egyp elbasan:elba elymaic:elym ethiopic:ethi georgian:geor glagolitic:glag gothic:goth grantha:gran greek:grek gujarati:gujr gunjalagondi:gong gurmukhi:guru han:hani hangul:hang hanifirohingya:rohg hanunoo:hano hatran:hatr hebrew:hebr hiragana:hira imperialaramaic:armi inherited:zinh inherited:qaai inscriptionalpahlavi:phli inscriptionalparthian:prti javanese:java kaithi:kthi kannada:knda katakana:kana kayahli:kali kharoshthi:khar khitansmallscript:kits khmer:khmr khojki:khoj khudawadi:sind lao:laoo latin:latn lepcha:lepc limbu:limb lineara:lina linearb:linb lisu:lisu lycian:lyci lydian:lydi mahajani:mahj makasar:maka malayalam:mlym mandaic:mand manichaean:mani marchen:marc masaramgondi:gonm medefaidrin:medf meeteimayek:mtei mendekikakui:mend meroiticcursive:merc meroitichieroglyphs:mero miao:plrd modi:modi mongolian:mong mro:mroo multani:mult myanmar:mymr nabataean:nbat nandinagari:nand newa:newa newtailue:talu nko:nkoo nushu:nshu nyiakengpuachuehmong:hmnp ogham:ogam olchiki:olck oldhungarian:hung olditalic:ital oldnortharabian:narb oldpermic:perm oldpersian:xpeo oldsogdian:sogo oldsoutharabian:sarb oldturkic:orkh olduyghur:ougr oriya:orya osage:osge osmanya:osma pahawhhmong:hmng palmyrene:palm paucinhau:pauc phagspa:phag phoenician:phnx psalterpahlavi:phlp rejang:rjng runic:runr samaritan:samr saurashtra:saur sharada:shrd shavian:shaw siddham:sidd signwriting:sgnw sinhala:sinh sogdian:sogd sorasompeng:sora soyombo:soyo sundanese:sund sylotinagri:sylo syriac:syrc tagalog:tglg tagbanwa:tagb taile:tale taitham:lana taiviet:tavt takri:takr tamil:taml tangsa:tnsa tangut:tang telugu:telu thaana:thaa thai:thai tibetan:tibt tifinagh:tfng tirhuta:tirh toto:toto ugaritic:ugar unknown:zzzz vai:vaii vithkuqi:vith wancho:wcho warangciti:wara yezidi:yezi yi:yiii zanabazarsquare:zanb'
const SCRIPTS_SINCE_1043 =
  'garay:gara gurungkhema:gukh kawi:kawi kiratrai:krai nagmundari:nagm olonal:onao sunuwar:sunu todhri:todr tulutigalari:tutg'

/** Properties that a character has or has not, as ECMAScript writes them, with their short names. */
const BINARY =
  'ASCII:ASCII ASCII_Hex_Digit:AHex Alphabetic:Alpha Bidi_Control:Bidi_C Bidi_Mirrored:Bidi_M Case_Ignorable:CI Cased:Cased Changes_When_Casefolded:CWCF Changes_When_Casemapped:CWCM Changes_When_Lowercased:CWL Changes_When_Titlecased:CWT Changes_When_Uppercased:CWU Dash:Dash Default_Ignorable_Code_Point:DI Deprecated:Dep Diacritic:Dia Emoji:Emoji Emoji_Component:EComp Emoji_Modifier:EMod Emoji_Modifier_Base:EBase Emoji_Presentation:EPres Extended_Pictographic:ExtPict Extender:Ext Grapheme_Base:Gr_Base Grapheme_Extend:Gr_Ext Hex_Digit:Hex IDS_Binary_Operator:IDSB IDS_Trinary_Operator:IDST ID_Continue:IDC ID_Start:IDS Ideographic:Ideo Join_Control:Join_C Logical_Order_Exception:LOE Lowercase:Lower Math:Math Noncharacter_Code_Point:NChar Pattern_Syntax:Pat_Syn Pattern_White_Space:Pat_WS Quotation_Mark:QMark Radical:Radical Regional_Indicator:RI Sentence_Terminal:STerm Soft_Dotted:SD Terminal_Punctuation:Term Unified_Ideograph:UIdeo Uppercase:Upper Variation_Selector:VS White_Space:space White_Space:WSpace XID_Continue:XIDC XID_Start:XIDS'
/** Properties that PCRE2 has and ECMAScript has not; those behind came with 10.43 and later. */
const BINARY_OF_PCRE2 = 'graphemelink grlink prependedconcatenationmark pcm'
const BINARY_SINCE_1043 =
  'idcompatmathcontinue idcompatmathstart idsu idsunaryoperator incb mcm modifiercombiningmark'
const BIDI_CLASSES = 'al an b bn cs en es et fsi l lre lri lro nsm on pdf pdi r rle rli rlo s ws'

const words = (text: string): readonly string[] => text.split(' ')
const loosen = (name: string): string => name.replace(/[\s_-]/g, '').toLowerCase()

let tables: { readonly properties: Map<string, string>; readonly late: Map<string, string> } | null = null

/** From loose names to what tells a property: `Lu`, `scx=latn`, `Alphabetic`, or `?name` where only PCRE has it. */
function propertyTables(): NonNullable<typeof tables> {
  if (tables !== null) return tables
  const properties = new Map<string, string>()
  const late = new Map<string, string>()
  for (const name of [...words(CATEGORIES), 'LC', ...words(OWN)]) properties.set(loosen(name), name)
  const addScripts = (text: string, target: Map<string, string>): void => {
    for (const pair of words(text)) {
      const [name = '', code = ''] = pair.split(':')
      for (const key of [name, code]) target.set(key, `scx=${code}`)
    }
  }
  addScripts(SCRIPTS, properties)
  addScripts(SCRIPTS_SINCE_1043, late)
  for (const pair of words(BINARY)) {
    const [name = '', short = ''] = pair.split(':')
    for (const key of [name, short]) properties.set(loosen(key), name)
  }
  for (const name of words(BINARY_OF_PCRE2)) properties.set(name, `?${name}`)
  for (const name of words(BIDI_CLASSES)) properties.set(`bidi${name}`, `?bidi${name}`)
  for (const name of words(BINARY_SINCE_1043)) late.set(name, `?${name}`)
  tables = { properties, late }
  return tables
}

const ofPcre1 = new Set([...words(CATEGORIES), ...words(OWN), ...words(SCRIPTS_OF_PCRE1)])

/**
 * What a property's written name means: a general category or one of PCRE's own (`Lu`, `Xan`), `sc=` or `scx=`
 * with the four letters of a script, a binary property in ECMAScript's spelling, or `?` before the name of one
 * that only PCRE2 has. Null where that release knows no such property.
 */
export function unicodeProperty(written: string, release: PcreRelease): string | null {
  const { properties, late } = propertyTables()
  if (release < PCRE2) return ofPcre1.has(written) ? (properties.get(loosen(written)) ?? null) : null
  const find = (name: string): string | null =>
    properties.get(name) ?? (release > 10.42 ? late.get(name) : undefined) ?? null
  const loose = loosen(written)
  const split = /[:=]/.exec(loose)
  if (split === null) return find(loose)
  const kind = loose.slice(0, split.index)
  const value = loose.slice(split.index + 1)
  if (kind === 'bc' || kind === 'bidiclass') return find(`bidi${value}`)
  const found = find(value)
  if (found === null || !found.startsWith('scx=')) return null
  if (kind === 'script' || kind === 'sc') return found.replace('scx=', 'sc=')
  return kind === 'scriptextensions' || kind === 'scx' ? found : null
}
