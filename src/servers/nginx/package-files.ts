import { posix } from 'node:path'
import { type Source, textSource } from '../../../parsers/text/source.ts'
import { STAND_IN } from '../../../parsers/text/stand-in.ts'

/**
 * Files of Debian's package that sites include, which hardly anybody changes and of which releases differ in nothing
 * that is here. Left out are those that differ: `fastcgi_params` has `SCRIPT_FILENAME` in old ones and `HTTP_HOST` in new
 * ones, `mime.types` grows. Of `Host` there is the value that keeps the port, as all releases had it until 2026.
 *
 * @see https://salsa.debian.org/nginx-team/nginx/-/tree/debian/latest/debian/conf
 */
const TEXTS: ReadonlyMap<string, string> = new Map([
  [
    'proxy_params',
    `proxy_set_header Host $http_host;
proxy_set_header X-Real-IP $remote_addr;
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_set_header X-Forwarded-Proto $scheme;
`,
  ],
  [
    'snippets/fastcgi-php.conf',
    `fastcgi_split_path_info ^(.+?\\.php)(/.*)$;
try_files $fastcgi_script_name =404;
set $path_info $fastcgi_path_info;
fastcgi_param PATH_INFO $path_info;
fastcgi_index index.php;
include fastcgi.conf;
`,
  ],
  [
    'fastcgi.conf',
    `fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
fastcgi_param QUERY_STRING $query_string;
fastcgi_param REQUEST_METHOD $request_method;
fastcgi_param CONTENT_TYPE $content_type;
fastcgi_param CONTENT_LENGTH $content_length;
fastcgi_param SCRIPT_NAME $fastcgi_script_name;
fastcgi_param REQUEST_URI $request_uri;
fastcgi_param DOCUMENT_URI $document_uri;
fastcgi_param DOCUMENT_ROOT $document_root;
fastcgi_param SERVER_PROTOCOL $server_protocol;
fastcgi_param REQUEST_SCHEME $scheme;
fastcgi_param HTTPS $https if_not_empty;
fastcgi_param GATEWAY_INTERFACE CGI/1.1;
fastcgi_param SERVER_SOFTWARE nginx/$nginx_version;
fastcgi_param REMOTE_ADDR $remote_addr;
fastcgi_param REMOTE_PORT $remote_port;
fastcgi_param REMOTE_USER $remote_user;
fastcgi_param SERVER_ADDR $server_addr;
fastcgi_param SERVER_PORT $server_port;
fastcgi_param SERVER_NAME $server_name;
fastcgi_param REDIRECT_STATUS 200;
`,
  ],
])

const HOME = '/etc/nginx'

const SOURCES: ReadonlyMap<string, Source> = new Map(
  [...TEXTS].map(([name, text]) => [name, textSource(`${STAND_IN}package of nginx${HOME}/${name}`, text)]),
)

/**
 * The file that an `include` names, as the package brings it; null for one that it does not bring, or that some text
 * has, writes or changes.
 *
 * @param value the argument of the `include`: `proxy_params`, `/etc/nginx/snippets/fastcgi-php.conf`
 * @param texts those among which one may be that writes it; null where they are too many
 */
export function packageFile(value: string, texts: () => readonly Source[] | null): Source | null {
  const source = SOURCES.get(value.startsWith(`${HOME}/`) ? value.slice(HOME.length + 1) : value)
  if (source === undefined) return null
  const name = posix.basename(value)
  return texts()?.every(text => !isAbout(text, name)) === true ? source : null
}

/** True for the file itself or its template, and for a text that names it other than to include it. */
function isAbout({ path, text }: Source, name: string): boolean {
  if (posix.basename(path).startsWith(name)) return true
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1))
    if (!INCLUDED.test(text.slice(text.lastIndexOf('\n', at) + 1, at))) return true
  return false
}

const INCLUDED = /\binclude\s+["']?[\w./-]*$/
