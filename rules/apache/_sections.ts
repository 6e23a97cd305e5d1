import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'

/** True for a section that keeps some client out: by address, by password, or altogether. */
export function keepsOut({ children }: ApacheDirective): boolean {
  return children.some(child => {
    const words = child.args.map(({ value }) => value.toLowerCase())
    switch (child.name.toLowerCase()) {
      case 'deny':
        return true
      case 'require':
        return words[0] !== 'all' || words[1] !== 'granted'
      case 'limit':
      case 'limitexcept':
      case 'requireall':
      case 'requireany':
      case 'requirenone':
        return keepsOut(child)
      default:
        return false
    }
  })
}
