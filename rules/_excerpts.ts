import { type Place, placeText, type Source } from '../parsers/text/source.ts'

/** True for a file where its server reads it: whatever it leaves out is missing there. */
function isInstalled({ path }: Source): boolean {
  return /^\/(?:etc|usr\/local)\//.test(path)
}

/** True for a file that ends with a comment of dots: the rest of it is left out, and so is the end of its blocks. */
export function endsLeftOut(source: Source): boolean {
  if (isInstalled(source)) return false
  const lines = source.text.split('\n').filter(line => line.trim() !== '')
  return /^\s*#\s*(?:\.{3,}|…)/.test(lines.at(-1) ?? '')
}

/** True for a file of a manual in which a comment of dots, or one that says so, stands for lines that are elsewhere. */
export function isExcerpt(source: Source): boolean {
  return !isInstalled(source) && OF_EXCERPT.test(source.text)
}

const OF_EXCERPT =
  /^[ \t]*#[ \t]*(?:(?:\.{3,}|…)|(?:append|add) (?:this|these)\b.*\b(?:real|existing|your)\b|.*\b(?:removed|omitted|shortened) for brevity\b)/im

/** True for an address of which a manual leaves numbers out: `35.228.233.xxx`, `xxx.xxx.xxx.xxx`. */
export function isAddressToFillIn(at: Place): boolean {
  return !isInstalled(at.source) && TO_FILL_IN.test(placeText(at))
}

const TO_FILL_IN = /^(?=.*x)(?:\d{1,3}|x{1,3})(?:\.(?:\d{1,3}|x{1,3})){3}(?:\/\d+)?$/i
