import { documentRoot } from './document-root.ts'
import { failed, OK, type Phase, type RequestRecord, undecided } from './request.ts'
import { canonicalFile } from './url-text.ts'

/** Maps a URL below the `DocumentRoot`. */
export function mapToDocumentRoot(record: RequestRecord, uri: string): Phase {
  if (!uri.startsWith('/')) return failed(400, 'the URL is no path', null)
  const root = documentRoot(record.walk)
  if (!root.known) return undecided(root.reason, root.at)
  const below = canonicalFile(`/${uri}`)
  if (below === null) return failed(403, 'the URL leads out of the document root', null)
  record.filename = root.value === '/' ? below : root.value + below
  return OK
}
