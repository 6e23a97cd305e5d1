import type { NginxSyntaxCode } from '../../../parsers/nginx/syntax.ts'

/** Everything that the model of nginx can say against a configuration: a closed list, so that a switch over it is checked. */
export type NginxProblemCode =
  | NginxSyntaxCode
  | 'include-missing'
  | 'include-unknown'
  | 'include-directory'
  | 'include-unreadable'
  | 'include-cycle'
