/** The names of platforms that tell their applications apart by `Host`. */
export const PLATFORMS =
  /\.(?:azurewebsites\.net|herokuapp\.com|run\.app|vercel\.app|netlify\.app|github\.io|gitlab\.io|pages\.dev|workers\.dev|web\.app|firebaseapp\.com|onrender\.com|fly\.dev|cloudfront\.net|execute-api\.[a-z0-9-]+\.amazonaws\.com|s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com|s3-website[.-][a-z0-9-]+\.amazonaws\.com|blob\.core\.windows\.net|storage\.googleapis\.com)$/
