import { optionsIn } from '../../../parsers/ansible/module-options.ts'
import { memo } from '../../../parsers/collections/memo.ts'
import type { Source } from '../../../parsers/text/source.ts'
import { readYaml } from '../../../parsers/yaml/read-yaml.ts'
import type { YamlNode, YamlScalar } from '../../../parsers/yaml/yaml-node.ts'
import { isYaml } from './setup-commands.ts'

/** A module of Ansible that a task calls. */
export interface ModuleCall {
  /** `file`, `htpasswd`: without its collection. */
  readonly module: string
  /** Those with one value, by name: of a map, of `args`, and of `path=/run/shop state=directory`. */
  readonly options: ReadonlyMap<string, YamlScalar>
}

const NAMES =
  'assemble|blockinfile|copy|cron|deploy_helper|file|get_url|htpasswd|lineinfile|openssl_privatekey|replace|template|unarchive|x509_certificate'
const MODULE = new RegExp(`^(?:(?:ansible\\.builtin|community\\.general|community\\.crypto)\\.)?(${NAMES})$`)
const CALL = new RegExp(`\\b(?:${NAMES}):`)

/** The calls, in a file of Ansible, of modules that make files, directories and links. */
export const moduleCalls = memo((source: Source): readonly ModuleCall[] =>
  isYaml(source) && CALL.test(source.text) ? readYaml(source).documents.flatMap(callsIn) : [],
)

function callsIn(node: YamlNode): readonly ModuleCall[] {
  if (node.kind === 'scalar') return []
  if (node.kind === 'list') return node.items.flatMap(callsIn)
  return [...node.entries.values()].flatMap(({ name, value }) => {
    const module = MODULE.exec(name)?.[1]
    if (module === undefined || value.kind === 'list') return callsIn(value)
    const args = node.entries.get('args')?.value
    const options = new Map([...(args?.kind === 'map' ? optionsIn(args) : []), ...optionsIn(value)])
    return [{ module, options }]
  })
}
