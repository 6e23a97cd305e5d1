import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'

/** True where any word names the variable, of a `map` or a script too, but in the line that makes it. */
export function isVariableAsked(
  { top, occurrences }: NginxConfiguration,
  variable: string,
  making: NginxDirective | null = null,
): boolean {
  if ([...occurrences.keys()].some(name => /lua|^js_|^perl/.test(name))) return true
  const asked = new RegExp(`\\$\\{?${variable}\\b`)
  const names = (directive: NginxDirective): boolean =>
    directive.args.slice(0, directive === making ? 1 : undefined).some(({ value }) => asked.test(value)) ||
    directive.children.some(names)
  return top.some(names)
}
