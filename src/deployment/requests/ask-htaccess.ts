import { memoByKey } from '../../../parsers/collections/memo.ts'
import type { FileSystem } from '../../files/file-system.ts'
import { EMPTY_ENVIRONMENT } from '../../servers/apache/environment.ts'
import { evaluateApache } from '../../servers/apache/evaluate.ts'
import { hostForHtaccess } from '../../servers/apache/htaccess-alone.ts'
import { virtualHosts } from '../../servers/apache/queries/virtual-hosts.ts'
import { type ApacheOutcome, apacheOutcome } from '../../servers/apache/requests/outcome.ts'
import { NEWEST } from '../../servers/package-version.ts'
import type { ReceivedHeaders } from '../../servers/received-headers.ts'
import { escapeUri } from '../../servers/apache/requests/url-text.ts'
import { fromBytes, toBytes } from '../../servers/regex.ts'
import { CLIENT, UNKNOWN_HOST } from './made-up-requests.ts'
import { ASSUMING } from './probe.ts'

/** Those of a browser: rules against robots and against requests that name no program leave it alone. */
const OF_A_BROWSER: ReceivedHeaders = {
  values: new Map([
    ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'],
    ['accept', 'text/html,*/*;q=0.8'],
  ]),
  complete: true,
}

/**
 * What httpd would do with the GET of a client where a directory is a document root and the `.htaccess` files below
 * it are honoured, which some other server passes over.
 *
 * @param path decoded
 */
export function askHtaccess(files: FileSystem, root: string, path: string): ApacheOutcome {
  const configuration = standInFor(files, root)
  const [host = null] = virtualHosts(configuration)
  const request = {
    method: 'GET',
    target: fromBytes(escapeUri(toBytes(path))),
    host: UNKNOWN_HOST,
    scheme: 'http' as const,
    port: 80,
    headers: OF_A_BROWSER,
    client: CLIENT,
  }
  return apacheOutcome(configuration, host, request, {
    files,
    ...ASSUMING,
    skipsUnreadHtaccess: () => true,
  })
}

const standInFor = memoByKey((files: FileSystem, root: string) =>
  evaluateApache({
    files,
    main: hostForHtaccess(root),
    fragments: [],
    environment: EMPTY_ENVIRONMENT,
    version: { value: NEWEST.apache, from: 'assumed', at: null },
  }),
)
