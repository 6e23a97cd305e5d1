import { memo } from '../../../parsers/collections/memo.ts'
import { matchedPlace, type Place, type Source } from '../../../parsers/text/source.ts'
import { placeOf } from '../../../parsers/text/written-text.ts'
import { readYaml } from '../../../parsers/yaml/read-yaml.ts'
import type { YamlNode } from '../../../parsers/yaml/yaml-node.ts'
import { playbookTasks } from './playbook-tasks.ts'
import { isYaml } from './setup-commands.ts'

/**
 * Where scripts and playbooks of a machine of Red Hat's family let SELinux enforce its policy, and say nothing else of
 * it; null where they do not, and where something of them, or a role that is not there, may change what is allowed.
 */
export const enforcedSelinux = memo((texts: readonly Source[]): Place | null => {
  const at = enforcedAt(texts)
  if (at === null) return null
  const isRedHat = texts.some(({ text }) => /\b(?:dnf|yum)\b/.test(text))
  const isOther = texts.some(({ text }) => OTHER_SYSTEMS.test(text))
  if (!isRedHat || isOther || !isOfServer(at.source, texts)) return null
  return texts.some(mayAllow) || hasForeignRole(texts) ? null : at
})

/** False where the plays are for several kinds of machines, and it may be another than that of the web server. */
function isOfServer({ text }: Source, texts: readonly Source[]): boolean {
  if (/\b(?:httpd|nginx)\b/.test(text)) return true
  const hosts = texts.flatMap(each =>
    isYaml(each)
      ? [...each.text.matchAll(/^[ \t]*-?[ \t]*hosts:[ \t]*(\S.*)$/gm)].map(([, name = '']) => name)
      : [],
  )
  return new Set(hosts.filter(name => !/^["']?localhost/.test(name))).size < 2
}

const OTHER_SYSTEMS = /\bapt(?:-get|itude)?\b|\b(?:Debian|Ubuntu|Suse|zypper|apk add|pacman)\b/

function enforcedAt(texts: readonly Source[]): Place | null {
  for (const source of texts) {
    if (!/enforcing|setenforce/.test(source.text)) continue
    for (const { module, options, conditions } of playbookTasks(source)) {
      const state = options.get('state')
      if (module === 'selinux' && state?.text.text === 'enforcing' && conditions.length === 0)
        return placeOf(state.text)
    }
    const match = /\.(?:sh|bash)$/.test(source.path) ? ENFORCING.exec(source.code) : null
    if (match !== null) return matchedPlace(source, match)
  }
  return null
}

/** Below an `if` or in a function, nobody knows whether it is done. */
const ENFORCING =
  /^(?:sudo )?(?:setenforce (?:1|[Ee]nforcing)\b|sed -[\w.]+ [^\n]*SELINUX=enforcing[^\n]*\/etc\/(?:selinux\/config|sysconfig\/selinux))/m

/** What concerns the policy, and is neither the mode itself nor about files. */
const HARMLESS =
  /^[ \t]*#.*$|^[ \t]*(?:-[ \t]+)?name:.*$|^.*(?:setenforce 1|SELINUX=enforcing|state[:=][ \t]*["']?enforcing).*$|^[ \t]*(?:-[ \t]+)?(?:ansible\.posix\.)?selinux:[ \t]*$|\b(?:python3?-)?(?:libselinux|libsemanage|policycoreutils|selinux-policy|setools)[\w.-]*|\bsemanage fcontext\b|\b(?:[\w.]+\.)?sefcontext\b|\/etc\/selinux\/config/gim
const POLICY =
  /selinux|sebool|semanage|seport|setenforce|semodule|audit2allow|http_port_t|httpd_can|httpd_t\b|permissive|checkmodule/i

/** True for a text that may let servers connect to other ports. */
export function mayAllow({ text }: Pick<Source, 'text'>): boolean {
  return POLICY.test(text) && POLICY.test(text.replace(HARMLESS, ''))
}

/** True where a play has a role that is not among the texts. */
function hasForeignRole(texts: readonly Source[]): boolean {
  return texts.some(source => {
    const { text } = source
    if (!isYaml(source) || !/^[ \t-]*(?:roles|dependencies):|_role:/m.test(text)) return false
    const included = [...text.matchAll(/_role:[ \t]*(?:\n[ \t]+name:[ \t]*|name=)(\S+)/g)].map(
      ([, name = '']) => name,
    )
    const named = readYaml(source).documents.flatMap(rolesIn)
    return [...included, ...named].some(name => !texts.some(({ path }) => path.includes(`/roles/${name}/`)))
  })
}

/** The names of the roles of plays, of requirements and of what a role depends on; `?` for what is no name. */
function rolesIn(document: YamlNode): readonly string[] {
  if (document.kind === 'list') return document.items.flatMap(rolesIn)
  if (document.kind !== 'map') return []
  return ['roles', 'dependencies'].flatMap(key => {
    const list = document.entries.get(key)?.value
    if (list?.kind !== 'list') return []
    return list.items.map(item => {
      if (item.kind === 'scalar') return item.text.text
      const role = item.kind === 'map' ? (item.entries.get('role') ?? item.entries.get('name')) : undefined
      return role?.value.kind === 'scalar' ? role.value.text.text : '?'
    })
  })
}

/** The number that a variable of playbooks has everywhere; null where it has none, several, or another value. */
export function numberOfVariable(texts: readonly Source[], name: string): number | null {
  const values = numbersByName(texts).get(name)
  const [first] = values ?? []
  return values?.size === 1 ? (first ?? null) : null
}

const numbersByName = memo((texts: readonly Source[]): ReadonlyMap<string, ReadonlySet<number | null>> => {
  const found = new Map<string, Set<number | null>>()
  for (const source of texts) {
    if (!isYaml(source)) continue
    for (const [, name = '', value = ''] of source.text.matchAll(
      /^[ \t]*(\w*port\w*):[ \t]*["']?([^\s"'#]*)/gim,
    )) {
      const values = found.get(name) ?? new Set()
      found.set(name, values.add(/^\d+$/.test(value) ? Number(value) : null))
    }
  }
  return found
})
