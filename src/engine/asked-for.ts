/** Groups of what a benchmark asks for and no server is broken by: they run where somebody asks for them. */
const ASKED_FOR = ['hardening']

/** False for a rule, or a group, that is off until `--only` or `.auditrc` names it. */
export function isOnByDefault(name: string): boolean {
  return !ASKED_FOR.some(
    group => name.startsWith(group) && (name.length === group.length || name[group.length] === '/'),
  )
}
