import { posix } from 'node:path'
import { memo } from '../../../parsers/collections/memo.ts'
import type { Source } from '../../../parsers/text/source.ts'
import { readYaml } from '../../../parsers/yaml/read-yaml.ts'
import type { YamlNode } from '../../../parsers/yaml/yaml-node.ts'
import { isYaml } from './setup-commands.ts'

/** True where playbooks run a role or a file of tasks that is none of these texts. */
export const runsWhatIsElsewhere = memo((texts: readonly Source[]): boolean => {
  const paths = texts.map(({ path }) => path)
  const isThere = (pattern: RegExp): boolean => paths.some(path => pattern.test(path))
  return texts.some(source =>
    includesOf(source).some(({ name, isRole }) => !isThere(patternOf(name, isRole))),
  )
})

interface Include {
  readonly name: string
  readonly isRole: boolean
}

const INCLUDES =
  /^[ \t]*(?:-[ \t]+)?(?:roles|dependencies|(?:ansible\.builtin\.)?(?:include|(?:include|import)_(?:role|tasks|playbook)))[ \t]*:/m

const includesOf = memo((source: Source): readonly Include[] =>
  isYaml(source) && INCLUDES.test(source.text)
    ? readYaml(source).documents.flatMap(document =>
        includesIn(document, /(?:^|\/)meta\/main\.ya?ml$/.test(source.path)),
      )
    : [],
)

function includesIn(node: YamlNode, isMeta: boolean): readonly Include[] {
  if (node.kind === 'scalar') return []
  if (node.kind === 'list') return node.items.flatMap(item => includesIn(item, isMeta))
  return [...node.entries.values()].flatMap(({ name, value }): readonly Include[] => {
    const word = name.replace(/^ansible\.builtin\./, '')
    const runs = word === 'roles' ? node.entries.has('hosts') : word === 'dependencies' && isMeta
    if (runs && value.kind === 'list') return value.items.flatMap(item => named(item, ['role', 'name'], true))
    if (/^(?:include|import)_role$/.test(word)) return named(value, ['name'], true)
    if (/^include$|^(?:include|import)_(?:tasks|playbook)$/.test(word)) return named(value, ['file'], false)
    return includesIn(value, isMeta)
  })
}

function named(node: YamlNode, keys: readonly string[], isRole: boolean): readonly Include[] {
  if (node.kind === 'list') return []
  if (node.kind === 'map') {
    const [value] = keys.flatMap(key => node.entries.get(key)?.value ?? [])
    return value === undefined ? [] : named(value, keys, isRole)
  }
  // `tasks.yml tags=deploy` and `name=shop` are older ways to write it.
  const [name = ''] = node.text.text.replace(/^(?:name|file)=/, '').split(/\s+(?=\w+=)/)
  return [{ name, isRole }]
}

/** What a template fills in may be any word of a path. */
function patternOf(name: string, isRole: boolean): RegExp {
  const written = posix.normalize(name.trim().replace(/^.*\{\{\s*(?:role_path|playbook_dir)\s*\}\}\//, ''))
  const escaped = written
    .replace(/^(?:\.\.?\/)+/, '')
    .replace(/\{\{.*?\}\}|[.*+?^${}()|[\]\\]/g, part => (part.startsWith('{{') ? '[^/]*' : `\\${part}`))
  return new RegExp(isRole ? `/roles/(?:[^/]+/)*${escaped}/tasks/` : `(?:^|/)${escaped}$`)
}
