import { type ApacheDirectiveFacts, allApacheDirectives } from '../../../src/servers/apache/directives.ts'
import { loadLines } from './bases.ts'

const DIRECTIVES = [...allApacheDirectives()].filter(
  facts => !facts.section && !facts.executed && !facts.documentedOnly && isPlantable(facts),
)

/** Modules that need others, that need the network, or that change what the whole server is. */
function isPlantable(facts: ApacheDirectiveFacts): boolean {
  const [module = ''] = facts.modules
  return !/^(?:mpm_|md_|lua_|dbd|authn_dbd|authz_dbd|session_dbd|privileges|tls|dav_lock|authnz_fcgi|heart|proxy_hcheck|proxy_html)/.test(
    module,
  )
}

const NEEDS: readonly (readonly [prefix: string, modules: string])[] = [
  ['proxy_', 'proxy'],
  ['cache_', 'cache'],
  ['session_', 'session'],
  ['dav_', 'dav'],
  ['auth_form', 'session auth_basic'],
  ['authnz_ldap', 'ldap'],
]

const PLAIN =
  'On Off 0 1 5 10s none default /x /srv http://a.example/ text/html .txt 80 a:b a=b "a b" ( ^a$ %{HTTPS}x all x'.split(
    ' ',
  )

/** Puts a directive of the table with arguments of its own syntax, or with others, into a text. */
export function plant(
  text: string,
  modules: string,
  random: () => number,
): { readonly text: string; readonly modules: string } {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const facts = pick(DIRECTIVES)
  const documented = (facts.syntax ?? '').replace(facts.name, ' ').match(/[A-Za-z0-9%{}/.+-]+/g) ?? []
  const words: string[] = []
  const count = Math.floor(random() * 3.5)
  for (let index = 0; index < count; index++) {
    words.push(random() < 0.6 && documented.length > 0 ? pick(documented) : pick(PLAIN))
  }
  const lines = text.split('\n')
  lines.splice(Math.floor(random() * (lines.length + 1)), 0, [facts.name, ...words].join(' '))
  return { text: lines.join('\n'), modules: modules + missingModules(facts, modules) }
}

function missingModules(facts: ApacheDirectiveFacts, modules: string): string {
  const name = (facts.modules[0] ?? '').replace(/_module$/, '')
  const needed = NEEDS.find(([prefix]) => name.startsWith(prefix))?.[1].split(' ') ?? []
  const missing = [...needed, name].filter(one => !modules.includes(`LoadModule ${one}_module `))
  return loadLines(missing, [])
}
