#!/usr/bin/env python3
"""Packs the extension as `servanda-VERSION.vsix` without network and without dependencies: a vsix is a zip with a manifest.

    python3 editors/vscode/pack.py [FOLDER]

The same files give the same bytes.
"""

import json
import pathlib
import sys
import zipfile
from xml.sax.saxutils import quoteattr, escape

HERE = pathlib.Path(__file__).resolve().parent
FILES = [
    "package.json",
    "README.md",
    "language-configuration.json",
    "client.js",
    "extension.js",
    "syntaxes/pact.tmLanguage.json",
    "syntaxes/pact.codeblock.json",
]
TYPES = {"json": "application/json", "js": "application/javascript", "md": "text/markdown", "vsixmanifest": "text/xml", "txt": "text/plain"}


def manifest(package):
    return f"""<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" Id={quoteattr(package["name"])} Version={quoteattr(package["version"])} Publisher={quoteattr(package["publisher"])} />
    <DisplayName>{escape(package["displayName"])}</DisplayName>
    <Description xml:space="preserve">{escape(package["description"])}</Description>
    <Categories>{escape(",".join(package["categories"]))}</Categories>
    <Properties>
      <Property Id="Microsoft.VisualStudio.Code.Engine" Value={quoteattr(package["engines"]["vscode"])} />
      <Property Id="Microsoft.VisualStudio.Code.ExtensionKind" Value="workspace" />
    </Properties>
    <License>extension/LICENSE.txt</License>
  </Metadata>
  <Installation><InstallationTarget Id="Microsoft.VisualStudio.Code" /></Installation>
  <Dependencies />
  <Assets>
    <Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true" />
    <Asset Type="Microsoft.VisualStudio.Services.Content.Details" Path="extension/README.md" Addressable="true" />
    <Asset Type="Microsoft.VisualStudio.Services.Content.License" Path="extension/LICENSE.txt" Addressable="true" />
  </Assets>
</PackageManifest>
"""


def content_types():
    types = "".join(f'<Default Extension=".{end}" ContentType="{kind}" />' for end, kind in sorted(TYPES.items()))
    return f'<?xml version="1.0" encoding="utf-8"?>\n<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{types}</Types>\n'


def main():
    package = json.loads((HERE / "package.json").read_text(encoding="utf-8"))
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(".")
    entries = {"extension.vsixmanifest": manifest(package), "[Content_Types].xml": content_types()}
    for name in FILES:
        entries[f"extension/{name}"] = (HERE / name).read_text(encoding="utf-8")
    entries["extension/LICENSE.txt"] = (HERE / "../../LICENSE").read_text(encoding="utf-8")
    out = folder / f"servanda-{package['version']}.vsix"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in entries.items():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, text)
    print(out)


if __name__ == "__main__":
    main()
