import { memo } from '../../../parsers/collections/memo.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'
import { readYaml } from '../../../parsers/yaml/read-yaml.ts'
import type { YamlMap, YamlNode } from '../../../parsers/yaml/yaml-node.ts'

/** The bits that a task of Ansible gives a file, written as a number without a leading zero. */
export interface PlainMode {
  /** As written. */
  readonly text: string
  readonly at: Place
  /** The file or directory of the task; null where it is not written out. */
  readonly path: string | null
}

/** Modules that give what they make the bits of `mode`. */
const MODULE =
  /^(?:ansible\.builtin\.)?(?:assemble|blockinfile|copy|file|get_url|lineinfile|replace|template|unarchive)$|^(?:community\.general\.)?htpasswd$|^(?:community\.crypto\.)?(?:openssl_privatekey|x509_certificate)$/

/**
 * Every `mode: 640` of a playbook. It is the decimal number for YAML, and Ansible takes a number as it is: only a text is
 * read as octal digits. What a template fills in is a text again.
 * @see https://docs.ansible.com/ansible/latest/collections/ansible/builtin/file_module.html#parameter-mode
 */
export const plainModes = memo((source: Source): readonly PlainMode[] =>
  /\.ya?ml$/.test(source.path) && /\bmode:[ \t]*[1-7]/.test(source.text)
    ? readYaml(source).documents.flatMap(modesIn)
    : [],
)

function modesIn(node: YamlNode): readonly PlainMode[] {
  if (node.kind === 'scalar') return []
  if (node.kind === 'list') return node.items.flatMap(modesIn)
  const entries = [...node.entries.values()]
  const isTask = entries.some(({ name }) => MODULE.test(name))
  return entries.flatMap(({ name, value }) => {
    const takesMode = MODULE.test(name) || (isTask && name === 'args')
    return takesMode && value.kind === 'map' ? modeOf(value) : modesIn(value)
  })
}

/** What `chmod` has a bit for. */
const HIGHEST = 0o7777

function modeOf(options: YamlMap): readonly PlainMode[] {
  const mode = options.entries.get('mode')?.value
  if (mode?.kind !== 'scalar' || !mode.plain || mode.tag !== null) return []
  const { text } = mode.text
  if (!/^[1-7]?[1-7][0-7]{2}$/.test(text) || Number(text) > HIGHEST) return []
  const path = ['dest', 'path', 'name']
    .map(name => options.entries.get(name)?.value)
    .find(value => value?.kind === 'scalar')
  const written = path?.kind === 'scalar' ? path.text.text : ''
  return [{ text, at: mode.at, path: /^\/[\w./@+-]+$/.test(written) ? written : null }]
}
