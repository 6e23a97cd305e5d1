import type { Deployment } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { isUnseenServer, serverAround } from '../../src/servers/nginx/queries/servers.ts'

/**
 * Beside these a location serves files: whatever the server around it has, no `fastcgi_pass` is inherited. An `if` or
 * a line of another module may answer, so that nothing else is let through.
 */
const SETTINGS =
  /^(?:rewrite|internal|root|index|expires|add_header|access_log|error_log|log_not_found|default_type|charset|gzip|allow|deny|satisfy|auth_basic|auth_basic_user_file|try_files|limit_(?:req|conn|rate)(?:_\w+)?|fastcgi_(?!pass$|store$|cache)\w+)$/

/** A location of a file that servers include, which makes the request one for a script, and keeps it. */
export function* rewrittenToScript({ nginx }: Deployment): Iterable<RuleFinding> {
  for (const configuration of nginx) {
    for (const line of configuration.occurrences.get('rewrite') ?? []) {
      const location = line.parent?.name === 'if' ? line.parent.parent : line.parent
      const [, target, flag] = line.args
      if (location?.name !== 'location' || flag?.value !== 'break') continue
      const server = serverAround(location)
      // Where the server is here, a request is asked.
      if (server === null || !isUnseenServer(server)) continue
      const script = /^\/[\w./-]+\.php(?=\?|$)/.exec(target?.value ?? '')?.[0]
      if (script === undefined || !servesFiles(location)) continue
      if (hasUnreadInclude(configuration, location)) continue
      const { modifier, name } = readLocation(location)
      yield {
        at: argumentPlace(line, 1),
        message: `\`location ${modifier === '' || modifier === '@' ? '' : `${modifier} `}${name}\` keeps the request after \`break\`, and has no \`fastcgi_pass\`: it is answered with the source of \`${script}\``,
        label: 'sent as text, not passed to PHP',
        help: 'Write `last`, with which nginx looks for the location of the script',
      }
    }
  }
}

function servesFiles({ children }: NginxDirective): boolean {
  return children.every(
    each => SETTINGS.test(each.name) || (isForMissing(each) && each.children.every(isRewriteOrBreak)),
  )
}

/** `if (!-e $request_filename)`, which holds for every page that is no file. */
function isForMissing({ name, args }: NginxDirective): boolean {
  const condition = args.map(({ value }) => value).join(' ')
  return name === 'if' && /^\(\s*!-[ef]\s+\$request_filename\s*\)$/.test(condition)
}

function isRewriteOrBreak({ name }: NginxDirective): boolean {
  return name === 'rewrite' || name === 'break'
}
