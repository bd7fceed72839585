package attacks

// users are about users and where they are kept.
var users = []Attack{
	{ID: "U-01", What: "a member of a document twice", Tests: []string{"TestDocumentsThatAreNotTaken", "TestDocumentsThatAreNotAcceptedChangeNothing"}},
	{ID: "U-02", None: "the number is not in use"},
	{ID: "U-03", What: "members of another type", Tests: []string{"TestDocumentsThatAreNotTaken", "TestDocumentsThatAreNotAcceptedChangeNothing"}},
	{ID: "U-04", What: "names that are paths, or no names", Tests: []string{"TestNames"}},
	{ID: "U-05", What: "names that mean more than a user", Tests: []string{"TestTheAnonymousUserNarrowsReads", "TestTheLogWarnsOfUsersThatAreProbablyNotMeant"}},
	{ID: "U-06", What: "giving oneself more", Tests: []string{"TestWhoMayDoWhatWithUserDocuments", "TestNobodyBecomesAdminThroughTheStore"}},
	{ID: "U-07", What: "reading hashes", Tests: []string{"TestOnlyAdminSeesHashes", "TestHashesAreTakenOut", "FuzzRedact"}},
	{ID: "U-08", What: "a users file that is broken, empty, endless or gone", Tests: []string{"TestABrokenEditKeepsTheLastGoodUsers", "TestAFileThatCannotBeReadKeepsTheLastGoodState", "TestOneMistakeAndNothingIsUsed", "TestWhatIsNoFile"}},
	{ID: "U-09", What: "losing the users file to get a new root", Tests: []string{"TestALostUsersFileIsNoFirstStart", "TestALostStoreIsNoNewOne"}},
	{ID: "U-10", What: "a users file that others may open or replace", Tests: []string{"TestWhatIsWrittenIsForTheOwnerWhateverTheUmask", "TestAFileThatOthersCanOpen", "TestAUsersFileThatOthersCanReadIsRefusedInProduction", "TestAFolderThatOthersCanWriteIn"}},
	{ID: "U-11", What: "links and pipes in place of the users file", Tests: []string{"TestNothingIsWrittenThroughASymbolicLink", "TestAPipeIsNoFile", "TestAHardLinkKeepsWhatWasThere", "TestTheLockFileIsForItsOwnerAndNoLinkToOthers"}},
	{ID: "U-12", What: "ending the process, or the disk, in the middle of a write", Tests: []string{"TestWhatIsAcknowledgedOutlivesTwoHundredKills", "TestWhatTheDoorAcknowledgedOutlivesItsKills", "TestAWriteThatFailsChangesNothing", "TestEditsThatAreNotStored", "TestTheDoorHoldsWhateverBreaks"}},
	{ID: "U-13", What: "edits at once", Tests: []string{"TestTwoDoorsOnOneFileLoseNothing", "TestManyChangesAtOnceLoseNothing", "TestEditsAtOnceThroughTheAdminAPILoseNothing"}},
	{ID: "U-14", What: "an edit that no clock tells", Tests: []string{"TestWhoeverSavesTheFileIsSeen", "TestAVersionIsOfOneContent"}},
	{ID: "U-15", What: "a Redis that is gone, slow, full or lies", Tests: []string{"TestRedisIsKilledUnderLoad", "TestWhateverBecomesOfRedis", "TestAnswersThatDoNotPass", "TestWithoutRedisNobodyLogsIn", "FuzzNoAnswerEndsTheDriver", "TestTheDoorHoldsWhateverBreaks"}},
	{ID: "U-16", What: "a command in a name", Tests: []string{"TestANameIsNoCommandOfRedis", "TestNames"}},
	{ID: "U-17", What: "a door that is cut off from the others", Tests: []string{"TestAPartedDoorClosesForEverybody", "TestNothingIsKnownLongerThanMaxStale"}},
	{ID: "U-18", What: "writing users past the door", Tests: []string{"TestACheckTellsOfAStoreThatAnybodyMayWriteTo", "TestAStoreThatTakesWritesFromAnybodyIsToldOf"}},
	{ID: "U-19", What: "an answer of the store that is no document", Tests: []string{"TestARedirectByTheStoreIsNotFollowed", "TestAnswersThatAreBrokenAndNotAbsent", "TestAnswersThatNobodyIsThere"}},
	{ID: "U-20", What: "a user with very many rules", Tests: []string{"TestVeryManyRulesCostTimeOnceAndLittleMemory"}},
	{ID: "U-21", What: "a rev beyond all numbers", Tests: []string{"TestRevEndsAndDoesNotWrap", "TestTheRevOfAPostedUser"}},
	{ID: "U-22", What: "a change in the middle of a request", Tests: []string{"TestEveryAnswerIsOfOneStateWhileAPermissionIsToggled", "TestNobodyIsAnsweredByHalfAChange"}},
}
