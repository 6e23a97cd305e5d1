import type { NginxDirective } from '../src/servers/nginx/configuration.ts'
import { passesOn, readLocation } from '../src/servers/nginx/queries/locations.ts'
import { sampleTexts } from '../src/servers/pcre/sample-texts.ts'

/** What pages are made up of: seldom a secret, and no page of its own. */
const ASSET =
  /\.(?:css|js|mjs|map|png|jpe?g|gif|svgz?|ico|webp|avif|heic|bmp|tiff?|woff2?|ttf|otf|eot|ttc|mp[34]|m4[av]|aac|midi?|wav|wma|webm|og[gv]|opus|flac|mov|mpe?g|avi|flv|wmv|mkv|tflite|cur|txt|xml|json|webmanifest|wasm|gz|zip|pdf)$/i
const DIRECTORY =
  /\/(?:static|staticfiles|assets?|media|css|js|img|images?|fonts?|dist|build|_next|public|uploads?|favicons?|icons?)\/?$/i

export function isAsset(path: string): boolean {
  return ASSET.test(path)
}

/** True for a location that serves style sheets, scripts, pictures, fonts and their like, told by its name. */
export function servesAssets(location: NginxDirective): boolean {
  return !passesOn(location) && isOfAssets(location)
}

/** The same, whoever makes them. */
export function isOfAssets(location: NginxDirective): boolean {
  if (location.name !== 'location') return false
  const { modifier, name } = readLocation(location)
  if (modifier === '=') return isAsset(name)
  if (modifier === '' || modifier === '^~') return DIRECTORY.test(name) || isAsset(name)
  if (modifier === '@') return false
  const { texts } = sampleTexts(name, { caseless: modifier === '~*' })
  return texts.length > 0 && texts.every(text => isAsset(text) || DIRECTORY.test(text.replace(/[^/]*$/, '')))
}
