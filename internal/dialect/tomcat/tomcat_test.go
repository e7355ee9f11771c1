package tomcat

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
)

func TestSuite(t *testing.T) {
	entries := suite.Read(t, "testdata/catalog.jsonl")
	suite.Run(t, Logs, suite.Examples(Logs[0].Name, entries))
	suite.Lines(t, Logs[0], "testdata/lines.txt")
	suite.Catalog(t, Logs[0], suite.Oracle{Entries: entries})
}

func FuzzLine(f *testing.F) { suite.FuzzMember(f, Logs) }

func TestRecognise(t *testing.T) {
	l, ok := Dialect.Recognise(dialect.Process{Args: []string{"/usr/bin/java", "-Dcatalina.base=/var/lib/tomcat10", "org.apache.catalina.startup.Bootstrap", "start"}})
	if !ok || l.Config != "/var/lib/tomcat10/conf/server.xml" {
		t.Errorf("%v %+v", ok, l)
	}
	if _, ok := Dialect.Recognise(dialect.Process{Args: []string{"java", "-jar", "x.jar"}}); ok {
		t.Error("any Java program is no Tomcat")
	}
}
