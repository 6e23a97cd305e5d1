import { posix } from 'node:path'

export type Leaving = 'nginx' | 'Apache' | 'PHP-FPM' | 'PM2' | 'Tomcat'

export const STAYS: Readonly<Record<Leaving, string>> = {
  nginx: 'Write `nginx -g "daemon off;"`',
  Apache: 'Write `apachectl -D FOREGROUND`',
  'PHP-FPM': 'Add `--nodaemonize`',
  PM2: 'Write `pm2-runtime start …`',
  Tomcat: 'Write `catalina.sh run`',
}

/** Which server it is that goes into the background; null for what stays, and for all else. */
export function whoLeaves(words: readonly string[]): Leaving | null {
  const text = words.join(' ')
  if (/[;&|$`]|\bdaemon\b|FOREGROUND|NO_DETACH|nodaemonize|\s-[a-z]*[tTvVhslLSMX]\b/.test(text)) return null
  const [first = '', ...rest] = words[0] === 'npx' ? words.slice(1) : words
  const name = posix.basename(first)
  if (name === 'pm2') return /^(?:start|restart|reload)$/.test(rest[0] ?? '') && isKept(rest) ? 'PM2' : null
  if (name === 'catalina.sh') return rest[0] === 'start' ? 'Tomcat' : null
  if (name === 'startup.sh' && /tomcat|catalina/i.test(first)) return 'Tomcat'
  const isService = name === 'service' && rest.length === 2 && STARTS.test(rest[1]!)
  const isScript = first.startsWith('/etc/init.d/') && rest.length === 1 && STARTS.test(rest[0]!)
  if (isService || isScript) return byName(isService ? rest[0]! : name)
  if (name === 'nginx' && (rest.length === 0 || (rest.length === 2 && rest[0] === '-c'))) return 'nginx'
  if (/^(?:apache2?ctl|apachectl)$/.test(name))
    return /^(?:-k )?(?:start|restart|graceful)$/.test(rest.join(' ')) ? 'Apache' : null
  if (/^(?:httpd|apache2)$/.test(name)) return /^(?:-k start)?$/.test(rest.join(' ')) ? 'Apache' : null
  // The images of PHP tell theirs to stay, which have no number.
  if (/^php-fpm[\d.]*$/.test(name) && rest.some(word => /^(?:-\w*D|--daemonize)$/.test(word)))
    return 'PHP-FPM'
  if (/^php-fpm\d/.test(name)) return rest.some(word => /^-\w*F/.test(word)) ? null : 'PHP-FPM'
  return null
}

const STARTS = /^(?:re)?start$/

function isKept(options: readonly string[]): boolean {
  return !options.some(word => /^--(?:no-daemon|attach)$/.test(word))
}

function byName(service: string): Leaving | null {
  if (service === 'nginx') return 'nginx'
  if (/^(?:apache2|httpd)$/.test(service)) return 'Apache'
  return /^php[\d.]*-fpm$/.test(service) ? 'PHP-FPM' : null
}
