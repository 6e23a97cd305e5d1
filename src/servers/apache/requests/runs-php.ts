import type { ApacheEnd } from './request.ts'

/** True where PHP runs what answers: its module by a handler, or FPM over FastCGI. */
export function runsPhp(end: ApacheEnd): boolean {
  if (end.kind === 'handler') return /^(?:application\/x-httpd-php|php[57]?-script$)/.test(end.name)
  return end.kind === 'pass' && end.url.startsWith('fcgi:')
}
