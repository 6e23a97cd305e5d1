import type { ServiceUnit } from '../../parsers/systemd/service-unit.ts'
import { unitWords } from '../../parsers/systemd/unit-words.ts'
import { placeIn, type WrittenText } from '../../parsers/text/written-text.ts'
import type { UnitFault } from './_unit-lines.ts'

/** Lines that systemd cuts into words, and drops whole where a quote stays open. */
const CUT = /^(?:Environment|Exec(?:Start|StartPre|StartPost|Stop|StopPost|Reload|Condition))$/

export function* unpairedQuotes({ unit }: ServiceUnit): Iterable<UnitFault> {
  for (const { section, name, written } of unit.settings) {
    if (section !== 'Service' || !CUT.test(name) || unitWords(written) !== null) continue
    const isCommand = name !== 'Environment'
    const place = unpaired(written)
    yield {
      at: placeIn(written, ...place),
      ...(isCommand && { severity: 'error' as const }),
      message: isCommand
        ? `a quote of \`${name}=\` is not closed, so systemd refuses the unit: Unbalanced quoting`
        : 'a quote of this line is not closed, so systemd leaves out every assignment of it: Invalid syntax, ignoring',
      label: 'quotes do not pair',
      help: isCommand ? 'Close the quote, or take it away' : 'Put each whole assignment between two quotes',
    }
  }
}

/** The word in which quotes go wrong: one that goes on behind its closing quote, else the one that is never closed. */
function unpaired({ text }: WrittenText): readonly [start: number, end: number] {
  const early = /(?<!\S)(["'])[A-Za-z_]\w*=\1[^\s"']+/.exec(text)
  if (early !== null) return [early.index, early.index + early[0].length]
  let quote = ''
  let opened = 0
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!
    if (char === '\\') at++
    else if (char === quote) quote = ''
    else if (quote === '' && /["']/.test(char)) [quote, opened] = [char, at]
  }
  return [opened, opened + 1]
}
