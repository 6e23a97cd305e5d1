import { memo } from '../../parsers/collections/memo.ts'
import type { Place, Source } from '../../parsers/text/source.ts'

/** A file into which a command writes the certificate of a site without the one that issued it. */
export interface PlacedLeaf {
  /** As written, without quotes and braces. */
  readonly path: string
  /** The option or program that does it. */
  readonly by: string
  readonly at: Place
  readonly help: string
}

const ACME = /--cert-?file[ =]+(["']?[^\s"'\\]+["']?)/g
const COPY =
  /(?:^|[;&|\s])(cp|install|ln|rsync|mv)((?:[ \t]+(?:\\\n[ \t]*)?[^\s;&|>\\]+)*?[ \t]+["']?\S*(?:\/live\/[^/\s]+|RENEWED_LINEAGE\}?["']?)\/cert\.pem["']?(?:[ \t]+(?:\\\n[ \t]*)?[^\s;&|>#\\]+)+)/gm

/** Those of scripts, hooks, playbooks and whatever else sets a machine up, as far as nothing appends the rest. */
export const leavesPlaced = memo((texts: readonly Source[]): readonly PlacedLeaf[] => {
  const found = texts
    .filter(({ text }) => /--cert-?file|cert\.pem/.test(text))
    .flatMap(source => [...ofAcme(source), ...ofCopies(source)])
  return found.filter(({ path }) => !texts.some(({ text }) => isCompleted(withoutQuotes(text), path)))
})

export function withoutQuotes(text: string): string {
  return text.replace(/["']/g, '').replace(/\$\{(\w+)\}/g, '$$$1')
}

/** True where something is appended to the file, or the whole chain written there. */
function isCompleted(text: string, path: string): boolean {
  return [
    `>> ${path}`,
    `>>${path}`,
    `--fullchain-file ${path}`,
    `--fullchainpath ${path}`,
    `tee -a ${path}`,
  ].some(each => text.includes(each))
}

/** `acme.sh --install-cert --cert-file`, whose whole chain is `--fullchain-file`; other programs have such an option too. */
function ofAcme(source: Source): readonly PlacedLeaf[] {
  return [...source.text.matchAll(ACME)].flatMap(({ 0: whole, 1: written = '', index }) => {
    const start = commandStart(source.text, index)
    const end = commandEnd(source.text, index)
    const command = source.text.slice(start, end)
    if (!/acme\.sh|--install-?cert\b/.test(command) || source.text[index - 1] !== ' ') return []
    const begin = index + whole.length - written.length
    return [
      {
        path: withoutQuotes(written),
        by: 'acme.sh --cert-file',
        at: { source, start: begin, end: begin + written.length },
        help: 'Write `--fullchain-file` in its place',
      },
    ]
  })
}

function ofCopies(source: Source): readonly PlacedLeaf[] {
  return [...source.text.matchAll(COPY)].flatMap(({ 0: whole, 1: program = '', 2: rest = '', index }) => {
    const words = rest
      .replace(/\\\n/g, ' ')
      .trim()
      .split(/\s+/)
      .map(withoutQuotes)
      .filter(word => !word.startsWith('-') && !/^\d{3,4}$/.test(word))
    const target = words.at(-1) ?? ''
    const leaf = words.findIndex(word => word.endsWith('/cert.pem'))
    if (leaf === -1 || leaf === words.length - 1) return []
    const isDirectory = target.endsWith('/') || words.length > 2
    const begin = index + whole.indexOf('cert.pem')
    return [
      {
        path: isDirectory ? `${target.replace(/\/$/, '')}/cert.pem` : target,
        by: `${program} … cert.pem`,
        at: { source, start: begin, end: begin + 'cert.pem'.length },
        help: 'Copy `fullchain.pem`, which holds both',
      },
    ]
  })
}

function commandStart(text: string, index: number): number {
  for (let at = text.lastIndexOf('\n', index); ; at = text.lastIndexOf('\n', at - 1))
    if (at <= 0 || text[at - 1] !== '\\') return at + 1
}

function commandEnd(text: string, index: number): number {
  for (let at = text.indexOf('\n', index); ; at = text.indexOf('\n', at + 1)) {
    if (at === -1) return text.length
    if (text[at - 1] !== '\\') return at
  }
}
