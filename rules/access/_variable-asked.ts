import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'

/** True where any word names the variable, of a `map` or a script too. */
export function isVariableAsked({ top, occurrences }: NginxConfiguration, variable: string): boolean {
  if ([...occurrences.keys()].some(name => /lua|^js_|^perl/.test(name))) return true
  const asked = new RegExp(`\\$\\{?${variable}\\b`)
  const names = ({ args, children }: NginxDirective): boolean =>
    args.some(({ value }) => asked.test(value)) || children.some(names)
  return top.some(names)
}
