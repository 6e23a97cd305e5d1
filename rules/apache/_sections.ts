import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'

/** True for a section that keeps some client out: by address, by password, or altogether. */
export function keepsOut({ children }: ApacheDirective): boolean {
  return children.some(child => {
    const words = child.args.map(({ value }) => value.toLowerCase())
    switch (child.name) {
      case 'Deny':
        return true
      case 'Require':
        return words[0] !== 'all' || words[1] !== 'granted'
      case 'SetHandler':
        return false
      default:
        return /^<?(?:IfModule|IfVersion|Limit|LimitExcept|RequireAll|RequireAny|RequireNone)$/i.test(
          child.name,
        )
          ? keepsOut(child)
          : false
    }
  })
}
