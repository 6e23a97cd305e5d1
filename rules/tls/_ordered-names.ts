import { type FilledIn, type Order, ordersIn } from '../../parsers/certbot/ordered-names.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { escapePattern } from '../../parsers/text/escape-pattern.ts'
import { type Place, type Source, textSource } from '../../parsers/text/source.ts'
import { wholeText } from '../../parsers/text/written-text.ts'
import { readYaml } from '../../parsers/yaml/read-yaml.ts'
import type { YamlNode } from '../../parsers/yaml/yaml-node.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { isYaml } from '../../src/deployment/setups/setup-commands.ts'

/** The names of a certificate that certbot is told to order, and where. */
export interface OrderedNames {
  readonly names: readonly string[]
  /** Null for a text beside the tree of a machine, which has no path there. */
  readonly at: Place | null
}

/**
 * What the scripts, playbooks and compose files of a repository order of certbot, by the directory below `live`. Nothing
 * where some order is not written out, or another tool may order: it may be the one for the very certificate.
 */
export const orderedNames = memo((deployment: Deployment): ReadonlyMap<string, OrderedNames> => {
  const own = deployment.setups()
  const texts = own ?? deployment.setupsBeside()
  if (texts.some(({ text }) => OTHER_TOOLS.test(text))) return new Map()
  const asking = texts.filter(({ text }) => /certbot|letsencrypt|certonly/.test(text))
  const orders = asking.flatMap(source => ordersOf(source, texts))
  if (orders.some(({ lineage }) => lineage === null)) return new Map()
  const found = new Map<string, OrderedNames>()
  for (const { lineage, names, at } of orders) {
    if (lineage === null || names === null) continue
    const known = found.get(lineage)
    found.set(lineage, {
      names: [...(known?.names ?? []), ...names],
      at: known?.at ?? (own === null ? null : at),
    })
  }
  for (const { lineage, names } of orders) if (lineage !== null && names === null) found.delete(lineage)
  return found
})

/** What orders by variables of its own, or keeps what certbot does not. */
const OTHER_TOOLS =
  /\bcertbot_certs\b|\bcertbot_(?:create|additional|extra)\w*|\bacme_certificate\b|\blego\b|\bacme\.sh\b|\bdehydrated\b|--csr\b|--expand\b.*\$|staticfloat\/|jonasal\/nginx-certbot|letsencrypt-nginx-proxy-companion/

function ordersOf(source: Source, texts: readonly Source[]): readonly Order[] {
  if (!isYaml(source)) return ordersIn(wholeText(source), shellValues(source))
  const filledIn = playbookValues(texts, source)
  // As it stands on disk: which variable is filled in is what is asked for.
  const written = textSource(source.path, source.text)
  const orders = readYaml(written).documents.flatMap(document => ordersOfNode(document, filledIn))
  return orders.map(order => ({ ...order, at: { ...order.at, source } }))
}

function ordersOfNode(node: YamlNode, filledIn: FilledIn): readonly Order[] {
  if (node.kind === 'scalar') return ordersIn(node.text, filledIn)
  const inner = node.kind === 'map' ? [...node.entries.values()].map(({ value }) => value) : node.items
  return inner.flatMap(each => ordersOfNode(each, filledIn))
}

/** `$NAME` of a script that is given its value once: a word, a loop over words, or options that a loop adds to. */
function shellValues(source: Source): FilledIn {
  return word => {
    const name = /^\$\{?([A-Za-z_]\w*)(?:\[[@*]\])?\}?$/.exec(word)?.[1]
    return name === undefined ? null : shellValue(source.text, name, 0)
  }
}

function shellValue(text: string, name: string, depth: number): readonly string[] | null {
  if (depth > 3) return null
  const own = escapePattern(name)
  const loops = [...text.matchAll(new RegExp(String.raw`\bfor[ \t]+${own}[ \t]+in[ \t]+([^\n;]*)`, 'g'))]
  const assigned = [
    ...text.matchAll(
      new RegExp(String.raw`(?<=^|[\s;])${own}=(\([^()]*\)|"[^"\n]*"|'[^'\n]*'|[^\s;&|]*)`, 'gm'),
    ),
  ].map(([, value = '']) => value.replace(/^["'](.*)["']$/, '$1'))
  if (
    new RegExp(String.raw`\b(?:read|local|export|declare)\b[^\n]*[ \t]${own}(?![\w=])|\b${own}\+=`).test(text)
  )
    return null
  const [loop] = loops
  if (loop !== undefined) {
    // A command in the loop orders one certificate for each of them.
    return loops.length > 1 || assigned.length > 0 ? null : wordsOf(text, loop[1] ?? '', depth)
  }
  const adding = assigned.filter(value => new RegExp(String.raw`\$\{?${own}\b`).test(value))
  const first = assigned.filter(value => value !== '' && !adding.includes(value))
  if (adding.length === 1 && first.length === 0) {
    const added = /^\$\{?\w+\}?[ \t]+(?:-d|--domains?)[ \t=]+\$\{?(\w+)\}?$/.exec(adding[0] ?? '')?.[1]
    const values = added === undefined ? null : shellValue(text, added, depth + 1)
    return values === null ? null : values.map(value => `-d ${value}`)
  }
  const [value] = first
  if (adding.length > 0 || first.length !== 1 || value === undefined) return null
  return wordsOf(text, value.replace(/^\(|\)$/g, ''), depth)
}

function wordsOf(text: string, words: string, depth: number): readonly string[] | null {
  const found = words.split(/\s+/).flatMap((word): readonly (string | null)[] => {
    const plain = word.replace(/["']/g, '')
    if (plain === '') return []
    const inner = /^\$\{?([A-Za-z_]\w*)(?:\[[@*]\])?\}?$/.exec(plain)?.[1]
    if (inner !== undefined) return shellValue(text, inner, depth + 1) ?? [null]
    return [/[$`(){}*]/.test(plain) ? null : plain]
  })
  return found.every(word => word !== null) ? found : null
}

/** `{{ name }}` and `{{ list | join(' -d ') }}` where one text of a playbook says what it is, and no other does. */
function playbookValues(texts: readonly Source[], { text: compose }: Source): FilledIn {
  return word => {
    const name = /^\{\{\s*([A-Za-z_]\w*)\s*(?:\|\s*join\s*\(\s*(['"])[^'"]*\2\s*\)\s*)?\}\}$/.exec(word)?.[1]
    if (name === undefined || name === 'item' || !/^\s*-?\s*(?:name|hosts|tasks|become):/m.test(compose))
      return null
    const values = texts.filter(isYaml).flatMap(source => {
      if (!new RegExp(String.raw`\b${name}\b['"]?[ \t]*:`).test(source.text)) return []
      return readYaml(source).documents.flatMap(document => namedIn(document, name))
    })
    const [value] = values
    return values.length === 1 && value !== undefined ? textsOf(value) : null
  }
}

function namedIn(node: YamlNode, name: string): readonly YamlNode[] {
  if (node.kind === 'scalar') return []
  if (node.kind === 'list') return node.items.flatMap(item => namedIn(item, name))
  return [...node.entries.values()].flatMap(entry =>
    entry.name === name ? [entry.value] : namedIn(entry.value, name),
  )
}

function textsOf(node: YamlNode): readonly string[] | null {
  const items = node.kind === 'list' ? node.items : [node]
  const texts = items.flatMap(item => (item.kind === 'scalar' ? [item.text.text] : []))
  return texts.length === items.length && texts.every(text => !/[{$]/.test(text)) ? texts : null
}
