import type { Place } from '../parsers/text/source.ts'
import type { ApacheDirective } from '../src/servers/apache/configuration.ts'
import { argumentPlace } from '../src/servers/apache/queries/places.ts'

/** True for a section that keeps some client out: by address, by password, or altogether. */
export function keepsOut({ children }: ApacheDirective): boolean {
  return children.some(child => {
    const words = child.args.map(({ value }) => value.toLowerCase())
    switch (child.name.toLowerCase()) {
      case 'deny':
        return true
      case 'order':
        // It ends with a denial, of all whom no `Allow` lets in.
        return words[0] === 'allow,deny' && !children.some(({ name }) => /^allow$/i.test(name))
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

/** True for a section that says of everybody, or by `Deny` of somebody, that they get nothing. */
export function denies({ children }: ApacheDirective): boolean {
  return children.some(
    child =>
      (child.name === 'Require' && child.args[1]?.value.toLowerCase() === 'denied') ||
      /^deny$/i.test(child.name) ||
      (child.name === 'RequireAll' && denies(child)),
  )
}

/** The argument of `<Files>` or `<FilesMatch>` that is the pattern: the second one behind `~`. */
export function patternIndex({ args }: ApacheDirective): number {
  return args[0]?.value === '~' ? 1 : 0
}

export function patternPlace(section: ApacheDirective): Place {
  return argumentPlace(section, patternIndex(section))
}

/** True of an `Allow` or a `Deny` of mod_access_compat that names every address. */
export function isForAll({ args }: ApacheDirective): boolean {
  return args.slice(1).some(({ value }) => /^(?:all|0\.0\.0\.0\/0|0\/0)$/i.test(value))
}
